#include "micro/memory.h"

#include <algorithm>
#include <numeric>

#include "base/numbers.h"

namespace thimble::micro {
namespace {

// The graph's order, but the nodes of a chain together at the place of its last.
std::vector<NodeId> order_of(const Graph& g, std::span<const RowChain> chains) {
  std::vector<const RowChain*> of(g.nodes.size());
  for (const RowChain& chain : chains)
    for (const NodeId n : chain.nodes) of[static_cast<size_t>(n)] = &chain;
  std::vector<NodeId> order;
  for (size_t n = 0; n < g.nodes.size(); ++n) {
    if (!of[n])
      order.push_back(static_cast<NodeId>(n));
    else if (of[n]->nodes.back() == static_cast<NodeId>(n))
      order.insert(order.end(), of[n]->nodes.begin(), of[n]->nodes.end());
  }
  return order;
}

}  // namespace

MemoryUse::MemoryUse(const Checked& checked, std::span<const Scratch> scratch, std::span<const RowChain> chains)
    : checked_(checked) {
  const Graph& g = checked.graph;
  ScheduleOptions options{.keep_inputs = false};
  if (!chains.empty()) options.order = order_of(g, chains);
  for (const RowChain& chain : chains)
    options.apart.insert(options.apart.end(), chain.nodes.begin(), chain.nodes.end());
  plan_ = schedule(checked, options);
  for (SharedMemory& s : plan_.storages)
    if (s.kind == SharedMemory::Kind::variable) s.kind = SharedMemory::Kind::constant;  // they have no place in it
  std::vector<int> positions(g.nodes.size(), -1);
  for (size_t p = 0; p < plan_.order.size(); ++p) positions[static_cast<size_t>(plan_.order[p])] = static_cast<int>(p);
  const auto position = [&](NodeId node) { return positions[static_cast<size_t>(node)]; };
  for (const Scratch& s : scratch) uses_.push_back({s.bytes, position(s.node), position(s.node)});
  scratches_ = uses_.size();
  for (const RowChain& chain : chains) {
    const int first = position(chain.nodes.front()), last = position(chain.nodes.back());
    for (size_t k = 0; k + 1 < chain.nodes.size(); ++k) {
      const TensorId between = g.nodes[static_cast<size_t>(chain.nodes[k])].outputs[0];
      plan_.storages[static_cast<size_t>(plan_.tensors[static_cast<size_t>(between)].storage)].first = -1;
    }
    // Its operators take turns: what one of them needs is there for all of it.
    for (SharedMemory& s : plan_.storages) {
      if (s.first < 0) continue;
      if (s.first > first && s.first <= last) s.first = first;
      if (s.last >= first && s.last < last) s.last = last;
    }
    for (const int64_t bytes : chain.run.lines) uses_.push_back({bytes, first, last});
    lines_.push_back(chain.run.lines.size());
    const auto storage = [&](TensorId t) { return static_cast<size_t>(plan_.tensors[static_cast<size_t>(t)].storage); };
    const size_t y = storage(g.nodes[static_cast<size_t>(chain.nodes.back())].outputs[0]);
    for (const RowDistance& d : chain.run.distances) {
      const size_t x = storage(d.tensor);
      const SharedMemory& s = plan_.storages[x];
      if (x == y || s.kind != SharedMemory::Kind::activation || s.output || s.last != last) continue;
      ArenaOverlap overlap{x, y, d.most, d.least};
      // Two tensors in one place: what holds for both of them.
      const auto same = [&](const ArenaOverlap& o) { return o.first == x && o.second == y; };
      if (const auto known = std::ranges::find_if(overlaps_, same); known != overlaps_.end()) {
        known->most = std::min(known->most, d.most);
        known->least = std::max(known->least, d.least);
      } else {
        overlaps_.push_back(overlap);
      }
    }
  }
}

std::vector<int64_t> MemoryUse::by_node(int64_t alignment) const {
  // A layout of one position is as high as what lies there.
  std::vector<int64_t> bytes(checked_.graph.nodes.size());
  std::vector<int64_t> at(plan_.order.size() + 1);
  const auto add = [&](int first, int last, int64_t amount) {
    for (int p = first; p <= last; ++p) at[static_cast<size_t>(p)] += amount;
  };
  for (const SharedMemory& s : plan_.storages)
    if (s.kind == SharedMemory::Kind::activation && s.first >= 0) add(s.first, s.last, round_up(s.bytes, alignment));
  for (const ScratchUse& s : uses_) add(s.first, s.last, round_up(s.bytes, alignment));
  for (const ArenaOverlap& o : overlaps_) {
    const SharedMemory &x = plan_.storages[o.first], &y = plan_.storages[o.second];
    add(std::max(x.first, y.first), std::min(x.last, y.last), -shared_bytes(x.bytes, y.bytes, o));
  }
  for (size_t p = 0; p < plan_.order.size(); ++p) bytes[static_cast<size_t>(plan_.order[p])] = at[p];
  return bytes;
}

Result<Memory> MemoryUse::place(int64_t alignment, int attempts) const {
  const Graph& g = checked_.graph;
  Memory memory;
  memory.view_of.resize(g.tensors.size());
  std::iota(memory.view_of.begin(), memory.view_of.end(), 0);
  for (size_t n = 0; n < g.nodes.size(); ++n)
    if (checked_.nodes[n].output_is_input)
      memory.view_of[static_cast<size_t>(g.nodes[n].outputs[0])] =
          memory.view_of[static_cast<size_t>(g.nodes[n].inputs[0])];
  THIMBLE_ASSIGN(const MemoryLayout layout,
                 lay_out(g, plan_.storages, uses_, {.alignment = alignment, .attempts = attempts}, overlaps_));
  memory.bytes = round_up(layout.arena.bytes, alignment);
  memory.offset.assign(g.tensors.size(), -1);
  for (size_t t = 0; t < g.tensors.size(); ++t)
    if (const int32_t s = plan_.tensors[t].storage; s >= 0) memory.offset[t] = layout.storages[static_cast<size_t>(s)];
  for (const TensorId t : g.outputs)
    if (int64_t& offset = memory.offset[static_cast<size_t>(t)]; offset < 0) {  // a constant or a state
      offset = memory.bytes;
      memory.bytes += round_up(g.at(t).bytes(), alignment);
    }
  auto at = layout.scratch.begin() + static_cast<ptrdiff_t>(scratches_);
  memory.scratch.assign(layout.scratch.begin(), at);
  for (const size_t count : lines_) {
    memory.lines.emplace_back(at, at + static_cast<ptrdiff_t>(count));
    at += static_cast<ptrdiff_t>(count);
  }
  return memory;
}

}  // namespace thimble::micro
