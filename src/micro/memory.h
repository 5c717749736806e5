// Where the tensors of a graph lie in the arena of a generated program.
#pragma once

#include "ops/check.h"

namespace thimble::micro {

struct Scratch {
  NodeId node = 0;
  int64_t bytes = 0;
};

struct Memory {
  std::vector<TensorId> storage;  // per tensor: the one whose place it shares (itself, where it has its own)
  std::vector<int64_t> offset;    // per tensor; −1 for constants and what is never used
  std::vector<int64_t> scratch;   // per Scratch
  int64_t bytes = 0;
};

// Lifetimes from the order of the nodes; inputs live from the start, outputs to the end. Views (Resolved::
// output_is_input) lie where their input does.
Memory place(const Checked& checked, const std::vector<Scratch>& scratch, int64_t alignment);

}  // namespace thimble::micro
