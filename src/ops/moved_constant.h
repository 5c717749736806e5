// Constants that a node moves: what folding does to integers with a scale per slice, which operators refuse to move.
#pragma once

#include <optional>

#include "graph/graph.h"

namespace thimble {

// What an operator that only moves values (OperandRule::moves) makes of `x` in place of its first input, which has that
// shape; its other inputs are constants. Scales follow their axis. Nothing where they cannot, or the operator does
// more.
std::optional<Tensor> moved_constant(Graph& graph, const Node& node, const Tensor& x);

}  // namespace thimble
