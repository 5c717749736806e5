#include "micro/memory.h"

#include <algorithm>
#include <numeric>

#include "base/numbers.h"

namespace thimble::micro {
namespace {

struct Item {
  int64_t bytes = 0;
  int first = 0, last = 0;  // nodes, inclusive
  int64_t offset = 0;
};

// Largest first, each at the lowest place that is free while it lives.
int64_t lay_out(std::vector<Item>& items, int64_t alignment) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return items[a].bytes > items[b].bytes; });
  std::vector<const Item*> placed;
  int64_t end = 0;
  for (const size_t i : order) {
    Item& item = items[i];
    std::ranges::sort(placed, {}, [](const Item* p) { return p->offset; });
    for (const Item* other : placed)
      if (other->first <= item.last && item.first <= other->last) {
        if (other->offset >= item.offset + item.bytes) break;
        item.offset = std::max(item.offset, round_up(other->offset + other->bytes, alignment));
      }
    placed.push_back(&item);
    end = std::max(end, item.offset + item.bytes);
  }
  return round_up(end, alignment);
}

}  // namespace

Memory place(const Checked& checked, const std::vector<Scratch>& scratch, int64_t alignment) {
  const Graph& g = checked.graph;
  const int last_node = std::max<int>(static_cast<int>(g.nodes.size()) - 1, 0);
  Memory memory;
  memory.storage.resize(g.tensors.size());
  std::iota(memory.storage.begin(), memory.storage.end(), 0);
  for (size_t n = 0; n < g.nodes.size(); ++n)
    if (checked.nodes[n].output_is_input)
      memory.storage[static_cast<size_t>(g.nodes[n].outputs[0])] =
          memory.storage[static_cast<size_t>(g.nodes[n].inputs[0])];

  std::vector<int> first(g.tensors.size(), INT32_MAX), last(g.tensors.size(), -1);
  const auto touch = [&](TensorId t, int node) {
    if (t < 0) return;
    const auto s = static_cast<size_t>(memory.storage[static_cast<size_t>(t)]);
    first[s] = std::min(first[s], node);
    last[s] = std::max(last[s], node);
  };
  for (size_t n = 0; n < g.nodes.size(); ++n)
    for (const auto* list : {&g.nodes[n].inputs, &g.nodes[n].outputs})
      for (const TensorId t : *list) touch(t, static_cast<int>(n));
  for (const TensorId t : g.inputs) touch(t, 0);
  for (const TensorId t : g.outputs) touch(t, last_node);

  std::vector<Item> items;
  std::vector<size_t> owner;
  for (size_t t = 0; t < g.tensors.size(); ++t)
    if (memory.storage[t] == static_cast<TensorId>(t) && last[t] >= 0 && !g.tensors[t].constant() &&
        !g.tensors[t].variable) {
      items.push_back({g.tensors[t].bytes(), first[t], last[t]});
      owner.push_back(t);
    }
  for (const Scratch& s : scratch) items.push_back({s.bytes, s.node, s.node});
  memory.bytes = lay_out(items, alignment);
  memory.offset.assign(g.tensors.size(), -1);
  for (size_t i = 0; i < owner.size(); ++i) memory.offset[owner[i]] = items[i].offset;
  for (size_t t = 0; t < g.tensors.size(); ++t)
    memory.offset[t] = memory.offset[static_cast<size_t>(memory.storage[t])];
  for (size_t i = owner.size(); i < items.size(); ++i) memory.scratch.push_back(items[i].offset);
  return memory;
}

}  // namespace thimble::micro
