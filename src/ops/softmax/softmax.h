// softmax: y = e^(beta·x) / Σ e^(beta·x), and log_softmax: y = x − log Σ e^x, over the last axis.
//   x, y  float32, int8 or uint8 of one shape, rank ≥ 1; softmax also int16 (wide.h)
// softmax_grad(y, dy) → beta · y · (dy − Σ y·dy);  log_softmax_grad(y, dy) → dy − e^y · Σ dy.
// Integers: differences to the row's largest value, exponentials in 5.26 fixed point, sums in 12.19,
// the reciprocal (or logarithm) by Newton iterations; see ops/fixed_function.h. Outputs
// have scale 1/256 and the type's lowest zero point (softmax), 1/16 and 127 or 255 (log_softmax).
// A row holding NaN gives NaN; +inf gives NaN as in TFLite.
#pragma once

#include "ops/op.h"
#include "ops/softmax/kernel.h"

namespace thimble {

struct SoftmaxAttrs {
  float beta = 1;
  template <class V>
  void fields(V& v) {
    v("beta", beta);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_softmax& p) {
  v.number("rows", p.rows);
  v.number("values of a row", p.n);
  v.real("beta", p.beta);
  v.array("exponents", p.exponents, 256);
  v.array("exponentials", p.exponentials, 256);
  v.number("lowest difference", p.lowest);
  v.number("reverse multiplier", p.reverse_multiplier);
  v.number("reverse shift", p.reverse_shift);
}
