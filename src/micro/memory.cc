#include "micro/memory.h"

#include <algorithm>
#include <numeric>

#include "base/numbers.h"

namespace thimble::micro {

Result<Memory> place(const Checked& checked, const std::vector<Scratch>& scratch, int64_t alignment) {
  const Graph& g = checked.graph;
  Memory memory;
  memory.view_of.resize(g.tensors.size());
  std::iota(memory.view_of.begin(), memory.view_of.end(), 0);
  for (size_t n = 0; n < g.nodes.size(); ++n)
    if (checked.nodes[n].output_is_input)
      memory.view_of[static_cast<size_t>(g.nodes[n].outputs[0])] =
          memory.view_of[static_cast<size_t>(g.nodes[n].inputs[0])];

  const Schedule plan = schedule(checked, {.keep_inputs = false});
  std::vector<SharedMemory> storages = plan.storages;
  for (SharedMemory& s : storages)
    if (s.kind == SharedMemory::Kind::variable) s.kind = SharedMemory::Kind::constant;  // they have no place in it
  std::vector<ScratchUse> uses;
  for (const Scratch& s : scratch) {
    const auto at = static_cast<int>(std::ranges::find(plan.order, s.node) - plan.order.begin());
    uses.push_back({s.bytes, at, at});
  }
  THIMBLE_ASSIGN(const MemoryLayout layout, lay_out(g, storages, uses, {.alignment = alignment, .attempts = 20000}));
  memory.bytes = round_up(layout.arena.bytes, alignment);
  memory.offset.assign(g.tensors.size(), -1);
  for (size_t t = 0; t < g.tensors.size(); ++t)
    if (const int32_t s = plan.tensors[t].storage; s >= 0) memory.offset[t] = layout.storages[static_cast<size_t>(s)];
  for (const TensorId t : g.outputs)
    if (int64_t& offset = memory.offset[static_cast<size_t>(t)]; offset < 0) {  // a constant or a state
      offset = memory.bytes;
      memory.bytes += round_up(g.at(t).bytes(), alignment);
    }
  memory.scratch = layout.scratch;
  return memory;
}

}  // namespace thimble::micro
