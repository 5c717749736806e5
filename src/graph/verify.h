// The structural half of the executable specification: what must hold of any graph, whatever its
// operators. ops/check.h adds each operator'"'"'s own rules and calls this first.
#pragma once

#include "graph/graph.h"

namespace thimble {

// Ids in range; every tensor written at most once and before it is read; constants and inputs are
// never written; constant sizes match shape and type; quantisation is well formed (finite positive
// scales, zero points inside the type'"'"'s range); graph inputs and outputs exist.
Status verify_structure(const Graph& graph);

// The part of it that concerns one tensor: shape, size of the data, quantisation.
Status verify_tensor(const Tensor& tensor);

}  // namespace thimble
