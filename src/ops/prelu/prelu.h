// prelu: y = x where x ≥ 0, else alpha · x, with a learned alpha.
//   x      float32, int8, uint8 or int16 (zero points 0), any shape;  alpha  x's type (int8 beside int16), broadcasts
//   to x's shape;  y  as x
// 8 bits: x·s/s' above 0, x·alpha·(s·s_alpha/s') below, requantised. Source: TensorFlow Lite PRELU.
// prelu_grad(x, alpha, dy) → dx = dy where x > 0, else alpha · dy.
#pragma once

#include "ops/broadcast.h"
#include "ops/op.h"
#include "ops/prelu/kernel.h"

inline void fields(thimble::PlanVisitor& v, const thimble_prelu& p) {
  fields(v, "broadcast", p.broadcast);
  v.number("zero point of x", p.x_zero);
  v.number("zero point of alpha", p.alpha_zero);
  v.number("zero point", p.y_zero);
  v.number("low", p.lo);
  v.number("high", p.hi);
  v.number("multiplier above", p.above_multiplier);
  v.number("multiplier below", p.below_multiplier);
  v.number("shift above", p.above_shift);
  v.number("shift below", p.below_shift);
}
