// The sequence of passes between reading a model and planning it.
#pragma once

#include "ops/check.h"

namespace thimble {

// What every caller that loads a model for inference does first: constants are folded, so that a
// float16 file does not widen its weights at every run. The result computes the same, bit for bit. A graph that a
// reader has checked is not checked again.
Result<Checked> prepare_for_inference(Graph graph);
Result<Checked> prepare_for_inference(Checked checked);

}  // namespace thimble
