// softmax of int16: exponentials and the reciprocal of their sum by tables of 513 entries (ops/lut16.h).
// Zero points are 0, the output has scale 1/32768, a row at most 65,535 values. Differences to the row's largest value
// become numbers in [−65535, 0] for [−10, 0]; what is less counts as −10. Source: TensorFlow Lite SOFTMAX.
#pragma once

#include "ops/softmax/softmax.h"

struct thimble_softmax_wide {
  thimble_dim rows, n;
  int32_t multiplier;
  int shift;
  const int32_t *exponential, *reciprocal;  // e^x over [−10, 0], 1 / (1 + x) over [0, 1]
};

namespace thimble {

Status infer_softmax_wide(InferContext& ctx, float beta);
void softmax_wide(const RefCall& call);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_softmax_wide& p) {
  v.number("rows", p.rows);
  v.number("values of a row", p.n);
  v.number("multiplier", p.multiplier);
  v.number("shift", p.shift);
}
