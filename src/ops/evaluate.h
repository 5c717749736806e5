// One node computed at once, by its reference kernel: what folding and the readers of files do with constants.
#pragma once

#include "ops/op.h"

namespace thimble {

// What the node gives: one block per output, of inferred.outputs' types and shapes. Every input must be left out or a
// constant, `resolved` what inference has found out. What only values can show to be wrong sets the fault (null: nobody
// asks), and the results are then without meaning.
std::vector<Data> evaluate(const Graph& graph, const Node& node, const Resolved& resolved, RunFault* fault = nullptr);

}  // namespace thimble
