// Takes out of a graph what only training needs.
#pragma once

#include "graph/graph.h"

namespace thimble {

// Dropout becomes its input (inference computes with all elements); its step counter goes with it.
// Returns how many nodes were removed.
int remove_training(Graph& graph);

}  // namespace thimble
