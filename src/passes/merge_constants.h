// Constants that are the same, once.
#pragma once

#include "graph/graph.h"

namespace thimble {

// Constants of equal type, shape, quantisation and bytes become one tensor (the first; names are not compared).
// Constants that are inputs or outputs of the graph stay. Returns how many went.
int merge_constants(Graph& graph);

}  // namespace thimble
