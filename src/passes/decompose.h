// Rewrites activations that .tflite files have no operator for as small graphs of operators that
// they have; run before writing. Within 1e-6 of the original in float32:
//   silu          x · LOGISTIC(x)
//   softplus      RELU(x) + LOG(1 + EXP(−|x|))
//   mish          x · TANH(softplus(x))
//   softsign      x / (1 + |x|)
//   hard_sigmoid  RELU6(x + 3) · 1/6
//   selu          scale · RELU(x) + scale · alpha · ELU(MINIMUM(x, 0)),  elu with alpha ≠ 1 likewise
// Quantised nodes stay as they are.
#pragma once

#include "base/result.h"
#include "passes/rewrite.h"

namespace thimble {

Result<Rewrite> decompose(Graph& graph);

}  // namespace thimble
