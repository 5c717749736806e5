// prelu: y = x where x ≥ 0, else alpha · x, with a learned alpha.
//   x      float32, int8 or uint8, any shape;  alpha  x's type, broadcasts to x's shape;  y  as x
// 8 bits: x·s/s' above 0, x·alpha·(s·s_alpha/s') below, requantised. Source: TensorFlow Lite PRELU.
// prelu_grad(x, alpha, dy) → dx = dy where x > 0, else alpha · dy.
#pragma once

#include "ops/broadcast.h"
#include "ops/op.h"

namespace thimble {

// The 8-bit arithmetic of one node: raw values of x and alpha to the raw value of y.
struct PreluInteger {
  int32_t zx = 0, za = 0, zy = 0, lo = -128, hi = 127;
  int32_t above = 0, below = 0;  // multipliers of x and of x · alpha
  int above_shift = 0, below_shift = 0;
  int32_t operator()(int32_t x, int32_t alpha) const;
};
PreluInteger prelu_integer(DType type, const Quantization& x, const Quantization& alpha, const Quantization& y);

}  // namespace thimble
