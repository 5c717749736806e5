// Models of other layouts (ONNX: [n, c, h, w]) are read with a transposition before and behind each operator of ours
// that wants [n, h, w, c]. This pass takes them away: a transposition sinks towards the outputs, through operators on
// single elements, CONCATENATION, PAD, slices, reductions and what only adds or drops axes of 1, whose axes and
// constants change for it; two that meet are one, or none; in front of a fully connected layer it goes into the
// weights. What is left stands where an operator wants its own order of axes, and at the graph's inputs and outputs,
// whose shapes stay as they are.
#pragma once

#include "ops/check.h"

namespace thimble {

// The same function, each value computed from the same values (sums over axes in another order). Errors: those of
// check().
Result<Checked> sink_transposes(Checked checked);

}  // namespace thimble
