// What a pass says that rewrites nodes and renumbers tensors.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace thimble {

struct Rewrite {
  int count = 0;              // nodes that were rewritten
  std::vector<TensorId> now;  // per tensor of the graph as it was: the one that stands for it; kNoTensor: none does
};

// Graph::remove_unused, and where each tensor is then.
std::vector<TensorId> drop_unused(Graph& graph);

}  // namespace thimble
