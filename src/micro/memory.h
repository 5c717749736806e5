// Where the tensors of a graph lie in the arena of a generated program.
#pragma once

#include "micro/row_chains.h"
#include "passes/schedule.h"

namespace thimble::micro {

struct Scratch {
  NodeId node = 0;
  int64_t bytes = 0;
};

struct Memory {
  std::vector<TensorId> view_of;  // per tensor: the one whose bytes it is (itself, where it is nobody's view)
  std::vector<int64_t> offset;    // per tensor; −1 for what has no place: constants and variables that are no outputs
  std::vector<int64_t> scratch;   // per Scratch
  std::vector<std::vector<int64_t>> lines;  // per chain and line buffer
  int64_t bytes = 0;
};

// What lies in memory when: the input of the layout, and what can be told without one.
class MemoryUse {
 public:
  // Variables lie outside. An input's place is free for others after its last reader, and nodes write over what nobody
  // reads later. A chain runs where its last node stands.
  MemoryUse(const Checked& checked, std::span<const Scratch> scratch, std::span<const RowChain> chains);

  // Bytes in use at each node, where what may share them does; no layout takes fewer than the most of them. 0 at nodes
  // that compute nothing.
  std::vector<int64_t> by_node(int64_t alignment) const;
  // The best of `attempts` layouts.
  Result<Memory> place(int64_t alignment, int attempts) const;

 private:
  const Checked& checked_;
  Schedule plan_;
  std::vector<ScratchUse> uses_;  // of nodes, then of chains' lines
  size_t scratches_ = 0;
  std::vector<size_t> lines_;  // per chain
  std::vector<ArenaOverlap> overlaps_;
};

}  // namespace thimble::micro
