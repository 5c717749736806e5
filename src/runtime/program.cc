#include "runtime/program.h"

#include <algorithm>
#include <cstring>

#include "base/cpu.h"
#include "base/numbers.h"
#include "graph/int4.h"
#include "ops/check.h"
#include "runtime/limits.h"
#include "runtime/reference_step.h"
#include "runtime/repeated_nodes.h"
#include "runtime/sign_bits.h"

namespace thimble {

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

  program->schedule_ = schedule(program->checked_);
  const FreeMemory left = free_memory();
  std::vector<ScratchUse> scratches;
  RepeatedNodes repeated(program->checked_);
  for (const NodeId n : program->schedule_.order) {
    const Node& node = g.nodes[static_cast<size_t>(n)];
    LowerContext ctx(program->checked_, n, kernels(), program->threads_, options.weights);
    bool lowered = repeated.repeat(ctx);
    const bool first = !lowered;
    const LowerFn lower = lowering_of(node.op).rule;
    if (first && lower && !options.reference_only) {
      auto result = lower(ctx);
      if (!result)
        return with_context(std::move(result).error(), format("node {} \"{}\" {}", n, node.name, name(node.op)));
      lowered = *result;
    }
    if (!lowered) lower_to_reference(ctx);
    if (first) repeated.keep(ctx);
    const int base_step = static_cast<int>(program->steps_.size());
    const auto base_scratch = static_cast<int32_t>(scratches.size());
    for (StepPlan& step : ctx.steps) {
      for (Fixup& f : step.fixups)
        if (f.to == Fixup::To::scratch) f.id += base_scratch;
      if (step.flips_into.id >= 0) step.flips_into.id += base_scratch;
      program->steps_.push_back(std::move(step));
    }
    for (ScratchPlan& s : ctx.scratches)
      scratches.push_back({s.bytes, s.first_step + base_step, s.last_step + base_step});
    for (Data& c : ctx.constants) {
      program->prepacked_bytes_ += static_cast<int64_t>(c.size);
      program->constants_.push_back(std::move(c));
    }
    THIMBLE_TRY(check_free_memory(left, 0, program->prepacked_bytes_));
  }

  program->flipped_ = settle_sign_bits(program->checked_, program->steps_, scratches);
  program->count_in_steps();
  const bool usual = options.max_arena_bytes == PlanOptions{}.max_arena_bytes;
  const ArenaOptions arena{.max_bytes = usual ? arena_limit() : options.max_arena_bytes};
  THIMBLE_ASSIGN(program->layout_, lay_out(g, program->schedule_.storages, scratches, arena));
  const int64_t bytes = program->arena().bytes;
  if (const int64_t machine = machine_memory_bytes(); machine > 0 && bytes > machine)
    return fail(ErrorCode::unsupported,
                format("the model needs {} bytes of working memory, the machine has {}", bytes, machine),
                "run it on a machine with more memory, or give it smaller inputs");
  THIMBLE_TRY(check_free_memory(left, bytes, program->prepacked_bytes_));
  return std::shared_ptr<const Program>(std::move(program));
}

// Lifetimes of what the steps read and write: a node's steps may each need a part of it only.
void Program::count_in_steps() {
  const int end = std::max(static_cast<int>(steps_.size()) - 1, 0);
  std::vector<SharedMemory>& storages = schedule_.storages;
  for (SharedMemory& s : storages) {
    const bool from_start = s.input || s.kind == SharedMemory::Kind::variable;
    const bool to_end = from_start || s.output;
    s.first = from_start ? 0 : to_end ? end : -1;
    s.last = to_end ? end : -1;
  }
  for (int i = 0; i < static_cast<int>(steps_.size()); ++i)
    for (const Fixup& f : steps_[static_cast<size_t>(i)].fixups) {
      if (f.to != Fixup::To::tensor) continue;
      SharedMemory& s = storages[static_cast<size_t>(schedule_.tensors[static_cast<size_t>(f.id)].storage)];
      s.first = s.first < 0 ? i : std::min(s.first, i);
      s.last = std::max(s.last, i);
    }
}

int64_t Program::place(TensorId tensor, const uint8_t** constant) const {
  const SharedMemory& s = schedule_.of(tensor);
  *constant = s.kind == SharedMemory::Kind::constant ? graph().at(s.tensor).data.bytes : nullptr;
  return layout_.storages[static_cast<size_t>(schedule_.tensors[static_cast<size_t>(tensor)].storage)];
}

}  // namespace thimble
