#include "runtime/program.h"

#include <algorithm>
#include <cstring>

#include "base/numbers.h"
#include "graph/int4.h"
#include "ops/check.h"
#include "runtime/limits.h"
#include "runtime/reference_step.h"

namespace thimble {
namespace {

// Tensors that share memory (aliases) form one storage; its lifetime is the union of theirs.
struct Storages {
  std::vector<int32_t> of;  // tensor -> storage root tensor

  explicit Storages(size_t tensors) : of(tensors) {
    for (size_t t = 0; t < tensors; ++t) of[t] = static_cast<int32_t>(t);
  }
  int32_t root(TensorId t) const {
    int32_t r = t;
    while (of[static_cast<size_t>(r)] != r) r = of[static_cast<size_t>(r)];
    return r;
  }
  void join(TensorId view, TensorId base) { of[static_cast<size_t>(root(view))] = root(base); }
};

}  // namespace

Result<std::shared_ptr<const Program>> Program::plan(Graph graph, const PlanOptions& options) {
  THIMBLE_ASSIGN(Checked checked, check(std::move(graph)));
  return plan(std::move(checked), options);
}

Result<std::shared_ptr<const Program>> Program::plan(Checked checked, const PlanOptions& options) {
  auto program = std::make_shared<Program>();
  program->checked_ = std::move(checked);
  widen_int4(program->checked_.graph);
  program->threads_ = std::max(options.threads, 1);
  const Graph& g = program->checked_.graph;

  Storages storages(g.tensors.size());
  std::vector<ScratchPlan> scratches;
  const auto gives_nothing = [&](const Node& node) {
    return !node.outputs.empty() &&
           std::ranges::all_of(node.outputs, [&](TensorId t) { return g.at(t).shape.elements() == 0; });
  };
  for (size_t n = 0; n < g.nodes.size(); ++n) {
    if (gives_nothing(g.nodes[n])) continue;  // no lowering has to know of a batch of 0
    if (program->checked_.nodes[n].output_is_input) {
      storages.join(g.nodes[n].outputs[0], g.nodes[n].inputs[0]);
      continue;
    }
    LowerContext ctx(program->checked_, static_cast<NodeId>(n), kernels(), program->threads_, options.weights);
    bool lowered = false;
    const LowerFn lower = lowering_of(g.nodes[n].op).rule;
    if (lower && !options.reference_only) {
      auto result = lower(ctx);
      if (!result)
        return with_context(std::move(result).error(),
                            format("node {} \"{}\" {}", n, g.nodes[n].name, name(g.nodes[n].op)));
      lowered = *result;
    }
    if (!lowered) lower_to_reference(ctx);
    const int base_step = static_cast<int>(program->steps_.size());
    const auto base_scratch = static_cast<int32_t>(scratches.size());
    for (StepPlan& step : ctx.steps) {
      for (Fixup& f : step.fixups)
        if (f.to == Fixup::To::scratch) f.id += base_scratch;
      program->steps_.push_back(std::move(step));
    }
    for (ScratchPlan& s : ctx.scratches)
      scratches.push_back({s.bytes, s.first_step + base_step, s.last_step + base_step});
    for (Data& c : ctx.constants) {
      program->prepacked_bytes_ += static_cast<int64_t>(c.size);
      program->constants_.push_back(std::move(c));
    }
  }

  // Lifetimes, in steps. Graph inputs and outputs live to the end, so that a session may be run
  // again without setting its inputs anew.
  const int last = std::max<int>(static_cast<int>(program->steps_.size()) - 1, 0);
  std::vector<int> first_use(g.tensors.size(), INT32_MAX), last_use(g.tensors.size(), -1);
  const auto touch = [&](TensorId t, int step) {
    const auto r = static_cast<size_t>(storages.root(t));
    first_use[r] = std::min(first_use[r], step);
    last_use[r] = std::max(last_use[r], step);
  };
  for (size_t s = 0; s < program->steps_.size(); ++s)
    for (const Fixup& f : program->steps_[s].fixups)
      if (f.to == Fixup::To::tensor) touch(f.id, static_cast<int>(s));
  for (TensorId t : g.inputs) touch(t, 0), touch(t, last);
  for (TensorId t : g.outputs) touch(t, last);
  for (size_t t = 0; t < g.tensors.size(); ++t)
    if (g.tensors[t].variable) touch(static_cast<TensorId>(t), 0), touch(static_cast<TensorId>(t), last);

  program->storage_of_.assign(g.tensors.size(), -1);
  program->constant_of_.assign(g.tensors.size(), nullptr);
  const bool usual = options.max_arena_bytes == PlanOptions{}.max_arena_bytes;
  const int64_t limit = usual ? arena_limit() : options.max_arena_bytes;
  std::vector<ArenaItem> items, variables;
  std::vector<int32_t> item_tensor;
  int64_t variable_end = 0;
  program->storage_offset_.assign(g.tensors.size(), -1);
  for (size_t t = 0; t < g.tensors.size(); ++t) {
    if (storages.root(static_cast<TensorId>(t)) != static_cast<int32_t>(t) || last_use[t] < 0 ||
        g.tensors[t].constant())
      continue;
    const Tensor& tensor = g.tensors[t];
    if (tensor.variable) {  // first in the arena, in order, so that their bytes are one run
      variables.push_back({tensor.name, tensor.bytes(), 0, last, variable_end});
      program->storage_offset_[t] = variable_end;
      variable_end = round_up<int64_t>(variable_end + tensor.bytes(), 64);
      if (variable_end > limit) return arena_too_large("the model's variables take", variable_end, limit);
    } else {
      items.push_back({tensor.name, tensor.bytes(), first_use[t], last_use[t]});
      item_tensor.push_back(static_cast<int32_t>(t));
    }
  }
  for (size_t s = 0; s < scratches.size(); ++s) {
    items.push_back({format("scratch {}", s), scratches[s].bytes, scratches[s].first_step, scratches[s].last_step});
    item_tensor.push_back(-1);
  }
  THIMBLE_ASSIGN(program->arena_, plan_arena(std::move(items), limit - variable_end));
  ArenaPlan& arena = program->arena_;
  for (size_t i = 0; i < arena.items.size(); ++i) {
    arena.items[i].offset += variable_end;
    if (item_tensor[i] >= 0) {
      program->storage_offset_[static_cast<size_t>(item_tensor[i])] = arena.items[i].offset;
    } else {
      program->scratch_offset_.push_back(arena.items[i].offset);
    }
  }
  arena.items.insert(arena.items.begin(), variables.begin(), variables.end());
  arena.bytes += variable_end;
  arena.lower_bound += variable_end;
  arena.variable_bytes = variable_end;
  if (const int64_t machine = machine_memory_bytes(); machine > 0 && arena.bytes > machine)
    return fail(ErrorCode::unsupported,
                format("the model needs {} bytes of working memory, the machine has {}", arena.bytes, machine),
                "run it on a machine with more memory, or give it smaller inputs");
  for (size_t t = 0; t < g.tensors.size(); ++t) {
    const int32_t root = storages.root(static_cast<TensorId>(t));
    const Tensor& base = g.at(root);
    if (base.constant()) {
      program->constant_of_[t] = base.data.bytes;
    } else {
      program->storage_of_[t] = root;
    }
  }
  return std::shared_ptr<const Program>(std::move(program));
}

int64_t Program::place(TensorId tensor, const uint8_t** constant) const {
  const auto t = static_cast<size_t>(tensor);
  *constant = constant_of_[t];
  return *constant || storage_of_[t] < 0 ? -1 : storage_offset_[static_cast<size_t>(storage_of_[t])];
}

}  // namespace thimble
