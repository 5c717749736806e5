// When each node of a checked graph runs, which tensors share memory, how long each piece of memory is in use, and
// where it lies. It knows nothing of kernels: the runtime adds its working memory and counts in steps, a generator of
// code takes it as it is.
#pragma once

#include "ops/check.h"
#include "passes/arena.h"

namespace thimble {

struct ScheduleOptions {
  // Inputs keep their values until the next run, so that they need not be set anew; else their memory is free for
  // others after their last reader.
  bool keep_inputs = true;
  bool in_place = true;  // nodes write over inputs that nobody reads later (Resolved::in_place)
  // In which order all nodes run, each behind those that it reads from; empty: the graph's.
  std::vector<NodeId> order;
  std::vector<NodeId> apart;  // nodes that do not write over their inputs
};

// Memory of one or several tensors.
struct SharedMemory {
  enum class Kind : uint8_t { activation, constant, variable };
  TensorId tensor = kNoTensor;  // the first of them, which is as long as the others
  Kind kind = Kind::activation;
  bool input = false, output = false;  // of the graph
  int64_t bytes = 0;
  int first = -1, last = -1;  // positions at which it is in use, both included; −1: nobody needs it
};

struct Schedule {
  // Nodes that compute something, in the order in which they run; a position is an index into it. Left out are those
  // that only look at their input in another shape and those whose outputs have no elements.
  std::vector<NodeId> order;
  std::vector<SharedMemory> storages;

  struct Use {
    int32_t storage = -1;
    int64_t bytes = 0;
    int first = -1, last = -1;  // positions of its own uses; a view's first is that of its first reader
  };
  std::vector<Use> tensors;  // one per tensor of the graph
  // The most bytes that activations, inputs and outputs need at one position: no layout can be smaller.
  int64_t lower_bound = 0;

  const SharedMemory& of(TensorId tensor) const {
    return storages[static_cast<size_t>(tensors[static_cast<size_t>(tensor)].storage)];
  }
};

Schedule schedule(const Checked& checked, const ScheduleOptions& options = {});

// Working memory beside the tensors, in use at positions [first, last].
struct ScratchUse {
  int64_t bytes = 0;
  int first = 0, last = 0;
};

struct MemoryLayout {
  // First the variables, in the graph's order, as one run of bytes; then storages and scratch.
  ArenaPlan arena;
  std::vector<int64_t> storages;  // offsets; −1 for constants and what nobody needs
  std::vector<int64_t> scratch;
};

// A place for every storage that is not constant, and for each scratch. Who counts in other units than nodes has
// changed first and last of the storages before, and gives the scratch in those.
// Overlaps name storages that are activations in use.
Result<MemoryLayout> lay_out(const Graph& graph, std::span<const SharedMemory> storages,
                             std::span<const ScratchUse> scratch, const ArenaOptions& options,
                             std::span<const ArenaOverlap> overlaps = {});

}  // namespace thimble
