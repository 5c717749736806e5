// One node computed at once, by its reference kernel: what folding and the readers of files do with constants.
#pragma once

#include "ops/op.h"

namespace thimble {

// What the node gives: one block per output, of inferred.outputs' types and shapes. Every input must be left out or a
// constant, `resolved` what inference has found out. Never fails, as the reference kernels do not.
std::vector<Data> evaluate(const Graph& graph, const Node& node, const Resolved& resolved);

}  // namespace thimble
