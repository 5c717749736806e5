// Where the tensors of a graph lie in the arena of a generated program.
#pragma once

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
  int64_t bytes = 0;
};

// Variables lie outside. An input's place is free for others after its last reader, and nodes write over what nobody
// reads later.
Result<Memory> place(const Checked& checked, const std::vector<Scratch>& scratch, int64_t alignment);

}  // namespace thimble::micro
