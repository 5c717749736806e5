// The same model for another number of examples at a time.
#pragma once

#include "ops/check.h"

namespace thimble {

// A copy of `graph` that computes `batch` examples per run: every graph input's dimension 0 (which must
// be 1 or be marked as unknown, the same for all inputs) becomes `batch` and all shapes follow, as do
// constant shapes of reshape and slice and the state variables of an LSTM. Example i of a result is
// then, bit for bit, what the graph gives for example i alone. Fails with `unsupported` where an
// operator does not treat dimension 0 as independent examples (a transposition or reduction of it, a
// time-major LSTM, …), naming the node.
Result<Graph> with_batch(const Graph& graph, int64_t batch);

}  // namespace thimble
