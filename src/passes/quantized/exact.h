// Quantisation as ONNX defines it, in float arithmetic.
#pragma once

#include "ops/check.h"

namespace thimble {

// Each `quantize` of floats becomes the nodes that compute round(x / scale), halves to even, plus the zero point, cut
// to the type: our operator rounds halves away from zero. Each `dequantize` of a constant becomes a constant.
Result<Graph> exact_quantize(Graph graph);

}  // namespace thimble
