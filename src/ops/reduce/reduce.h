// mean, sum, reduce_max, reduce_min, reduce_prod, reduce_any, reduce_all over a set of axes.
//   x     float32, float64, int8, uint8, int16, int32, int64; no product of uint8; bool for any and all
//   axes  constant int32/int64 vector or scalar, negative from the end; one given twice counts once; none: nothing is
//   reduced
// float32: partial sums in a fixed order whatever the threads; a NaN gives NaN. Integers: sums wrap, a
// mean truncates. 8-bit mean and sum take the raw int32 sum Σq of n values, then
//   mean: the double-rounding multiplication of Σq − n·zx with (multiplier · 2^s / n, shift − s), where
//         (multiplier, shift) is scale_x / scale_y and s = min(⌊log2 n⌋, 32, 31 + shift), plus zy
//   sum:  round(Σq · s + (−zx · s · n)) + zy in float32, s = scale_x / scale_y, half away from zero
// clamped to the type. Their maximum and minimum compare raw values: equal quantisation of x and y. Of
// nothing: sum 0, mean NaN (integers 0), maximum the lowest and minimum the highest finite value.
// Source: TensorFlow Lite MEAN (reference kernel), SUM (optimised: the reference of released versions
// reads 8-bit data wrongly), REDUCE_MAX, REDUCE_MIN.
//
// int16 is as 8 bits with zero points of 0, at most 65,535 values in a sum. Products: float32 in order; integers
// without scales wrap; with scales v = Π(q − zx), each multiplication and the end rescaled by scale_x / ⁿ√scale_y with
// the 16-bit half of its multiplier, rounded half up, plus zy. Of nothing: 1 (with scales refused), any false, all
// true.
//
// broadcast_to_shape(x) → x repeated to `shape`.
// reduce_extremum_grad(x, y, dy) → dy, divided equally among the elements of x that equal their y; y and
// dy with the reduced dimensions kept as 1. Both float32.
#pragma once

#include "ops/axes.h"
#include "ops/op.h"
#include "ops/reduce/kernel.h"

namespace thimble {

struct ReduceAttrs {
  bool keep_dims = false;
  template <class V>
  void fields(V& v) {
    v("keep_dims", keep_dims);
  }
};

struct BroadcastToShapeAttrs {
  std::vector<int64_t> shape;
  template <class V>
  void fields(V& v) {
    v("shape", shape);
  }
};

struct ReduceExtremumGradAttrs {
  template <class V>
  void fields(V&) {}
};

// x's shape with the reduced dimensions 1. The axes have been checked.
Shape kept_shape(const Shape& x, const IntList& axes);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_nest& n) {
  v.begin(name);
  v.number("rank", n.rank);
  v.number("positions", n.count);
  fields(v, "dimensions", n.dims, n.rank);
  fields(v, "strides", n.strides, n.rank);
  v.end();
}

inline void fields(thimble::PlanVisitor& v, const thimble_reduce& p) {
  fields(v, "kept", p.kept);
  fields(v, "reduced", p.reduced);
  v.number("run", p.run);
  v.number("stride of a run", p.run_stride);
  v.number("values of a result", p.n);
  v.begin("finish");
  v.number("zero point of x", p.finish.x_zero);
  v.number("zero point", p.finish.y_zero);
  v.number("low", p.finish.lo);
  v.number("high", p.finish.hi);
  v.number("multiplier", p.finish.multiplier);
  v.number("shift", p.finish.shift);
  v.real("scale", p.finish.scale);
  v.real("bias", p.finish.bias);
  v.end();
}
