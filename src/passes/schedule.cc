#include "passes/schedule.h"

#include <algorithm>

#include "base/numbers.h"

namespace thimble {
namespace {

class Scheduler {
 public:
  Scheduler(const Checked& checked, const ScheduleOptions& options)
      : checked_(checked), graph_(checked.graph), options_(options) {}

  Schedule run() {
    put_in_order();
    find_uses();
    if (options_.in_place) share();
    number();
    find_lower_bound();
    return std::move(s_);
  }

 private:
  using Kind = SharedMemory::Kind;

  // Until they are numbered, storages stand at the place of their first tensor.
  SharedMemory& memory(TensorId t) { return memory_[static_cast<size_t>(root(t))]; }
  TensorId root(TensorId t) const {
    while (of_[static_cast<size_t>(t)] != t) t = of_[static_cast<size_t>(t)];
    return t;
  }
  int end() const { return std::max(static_cast<int>(s_.order.size()) - 1, 0); }
  bool gives_nothing(const Node& node) const {
    return !node.outputs.empty() &&
           std::ranges::all_of(node.outputs, [&](TensorId t) { return graph_.at(t).shape.elements() == 0; });
  }

  // Views are joined with what they look at.
  void put_in_order() {
    of_.resize(graph_.tensors.size());
    for (size_t t = 0; t < of_.size(); ++t) of_[t] = static_cast<TensorId>(t);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const size_t n = options_.order.empty() ? i : static_cast<size_t>(options_.order[i]);
      const Node& node = graph_.nodes[n];
      if (gives_nothing(node)) continue;
      if (checked_.nodes[n].output_is_input) {
        of_[static_cast<size_t>(root(node.outputs[0]))] = root(node.inputs[0]);
      } else {
        s_.order.push_back(static_cast<NodeId>(n));
      }
    }
    for (size_t t = 0; t < of_.size(); ++t) {
      const Tensor& tensor = graph_.tensors[t];
      SharedMemory& own = memory_.emplace_back(SharedMemory{.tensor = static_cast<TensorId>(t)});
      own.kind = tensor.variable ? Kind::variable : tensor.constant() ? Kind::constant : Kind::activation;
      own.bytes = tensor.bytes();
    }
  }

  static void extend(auto& use, int position) {
    use.first = use.first < 0 ? position : std::min(use.first, position);
    use.last = std::max(use.last, position);
  }
  void touch(TensorId t, int position) {
    extend(s_.tensors[static_cast<size_t>(t)], position);
    extend(memory(t), position);
  }

  void find_uses() {
    s_.tensors.resize(graph_.tensors.size());
    for (int position = 0; position < static_cast<int>(s_.order.size()); ++position) {
      const Node& node = graph_.nodes[static_cast<size_t>(s_.order[static_cast<size_t>(position)])];
      for (TensorId t : node.inputs)
        if (t != kNoTensor) touch(t, position);
      for (TensorId t : node.outputs) touch(t, position);
    }
    for (TensorId t : graph_.inputs) {
      memory(t).input = true;
      touch(t, 0);
      if (options_.keep_inputs) touch(t, end());
    }
    for (TensorId t : graph_.outputs) {
      memory(t).output = true;
      touch(t, end());
    }
    for (size_t t = 0; t < graph_.tensors.size(); ++t)
      if (graph_.tensors[t].variable) touch(static_cast<TensorId>(t), 0), touch(static_cast<TensorId>(t), end());
  }

  // Whether input i is among the operator's `allowed` ones: a mask of the first 32; add_n takes more inputs than that.
  static bool has(uint32_t allowed, size_t i) { return i < 32 && (allowed >> i & 1); }

  bool may_overwrite(const Node& node, uint32_t allowed, TensorId x, int position) {
    const TensorId y = node.outputs[0];
    const SharedMemory &from = memory(x), &to = memory(y);
    if (root(x) == root(y) || from.kind != Kind::activation || to.kind != Kind::activation) return false;
    if (from.output || (from.input && options_.keep_inputs)) return false;
    if (from.last != position || to.first != position || from.bytes != to.bytes) return false;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kNoTensor && root(node.inputs[i]) == root(x) && !has(allowed, i)) return false;
    return true;
  }

  void share() {
    for (int position = 0; position < static_cast<int>(s_.order.size()); ++position) {
      const auto n = static_cast<size_t>(s_.order[static_cast<size_t>(position)]);
      const Node& node = graph_.nodes[n];
      if (std::ranges::find(options_.apart, static_cast<NodeId>(n)) != options_.apart.end()) continue;
      const uint32_t allowed = checked_.nodes[n].in_place;
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (!has(allowed, i) || !may_overwrite(node, allowed, node.inputs[i], position)) continue;
        SharedMemory &from = memory(node.inputs[i]), &to = memory(node.outputs[0]);
        from.last = std::max(from.last, to.last);
        from.output = to.output;
        of_[static_cast<size_t>(root(node.outputs[0]))] = root(node.inputs[i]);
        break;
      }
    }
  }

  void number() {
    for (size_t t = 0; t < of_.size(); ++t)
      if (of_[t] == static_cast<TensorId>(t)) {
        s_.tensors[t].storage = static_cast<int32_t>(s_.storages.size());
        s_.storages.push_back(memory_[t]);
      }
    for (size_t t = 0; t < of_.size(); ++t) {
      s_.tensors[t].storage = s_.tensors[static_cast<size_t>(root(static_cast<TensorId>(t)))].storage;
      s_.tensors[t].bytes = graph_.tensors[t].bytes();
    }
  }

  void find_lower_bound() {
    std::vector<int64_t> change(s_.order.size() + 2);
    for (const SharedMemory& storage : s_.storages) {
      if (storage.kind != Kind::activation || storage.first < 0) continue;
      change[static_cast<size_t>(storage.first)] += storage.bytes;
      change[static_cast<size_t>(storage.last) + 1] -= storage.bytes;
    }
    int64_t now = 0;
    for (int64_t c : change) s_.lower_bound = std::max(s_.lower_bound, now += c);
  }

  const Checked& checked_;
  const Graph& graph_;
  const ScheduleOptions& options_;
  std::vector<TensorId> of_;  // tensor -> one that has the same memory, itself at a root
  std::vector<SharedMemory> memory_;
  Schedule s_;
};

}  // namespace

Schedule schedule(const Checked& checked, const ScheduleOptions& options) { return Scheduler(checked, options).run(); }

Result<MemoryLayout> lay_out(const Graph& graph, std::span<const SharedMemory> storages,
                             std::span<const ScratchUse> scratch, const ArenaOptions& options,
                             std::span<const ArenaOverlap> overlaps) {
  MemoryLayout layout;
  layout.storages.assign(storages.size(), -1);
  std::vector<ArenaItem> variables, items;
  std::vector<size_t> storage_of_item;
  int64_t variable_bytes = 0;
  for (size_t i = 0; i < storages.size(); ++i) {
    const SharedMemory& s = storages[i];
    if (s.kind == SharedMemory::Kind::constant || s.first < 0) continue;
    ArenaItem item{graph.at(s.tensor).name, s.bytes, s.first, s.last, 0};
    if (s.kind == SharedMemory::Kind::activation) {
      items.push_back(std::move(item));
      storage_of_item.push_back(i);
      continue;
    }
    item.offset = layout.storages[i] = variable_bytes;
    variable_bytes = round_up(variable_bytes + s.bytes, options.alignment);
    if (variable_bytes > options.max_bytes)
      return arena_too_large("the model's variables take", variable_bytes, options.max_bytes);
    variables.push_back(std::move(item));
  }
  for (size_t s = 0; s < scratch.size(); ++s)
    items.push_back({format("scratch {}", s), scratch[s].bytes, scratch[s].first, scratch[s].last, 0});
  ArenaOptions rest = options;
  rest.max_bytes -= variable_bytes;
  std::vector<ArenaOverlap> shared;
  for (const ArenaOverlap& o : overlaps) {
    const auto item = [&](size_t storage) {
      return static_cast<size_t>(std::ranges::find(storage_of_item, storage) - storage_of_item.begin());
    };
    shared.push_back({item(o.first), item(o.second), o.most, o.least});
  }
  THIMBLE_ASSIGN(layout.arena, plan_arena(std::move(items), rest, shared));
  ArenaPlan& arena = layout.arena;
  for (size_t i = 0; i < arena.items.size(); ++i) {
    arena.items[i].offset += variable_bytes;
    if (i < storage_of_item.size())
      layout.storages[storage_of_item[i]] = arena.items[i].offset;
    else
      layout.scratch.push_back(arena.items[i].offset);
  }
  arena.items.insert(arena.items.begin(), variables.begin(), variables.end());
  arena.bytes += variable_bytes;
  arena.lower_bound += variable_bytes;
  arena.variable_bytes = variable_bytes;
  return layout;
}

}  // namespace thimble
