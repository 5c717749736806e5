// mean, sum, reduce_max, reduce_min over a set of axes.
//   x     float32, int8, uint8, int32, int64
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
// broadcast_to_shape(x) → x repeated to `shape`.
// reduce_extremum_grad(x, y, dy) → dy, divided equally among the elements of x that equal their y; y and
// dy with the reduced dimensions kept as 1. Both float32.
#pragma once

#include "ops/axes.h"
#include "ops/op.h"

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

// The finish of an 8-bit mean or sum of n values.
struct ReduceInteger {
  bool sum = false;
  int64_t n = 1;
  int32_t zx = 0, zy = 0, lo = -128, hi = 127;
  int32_t multiplier = 0;  // mean
  int shift = 0;
  float scale = 1, bias = 0;  // sum

  int32_t operator()(int32_t raw_sum) const;
};
ReduceInteger reduce_integer(Op op, DType type, int64_t n, const Quantization& x, const Quantization& y);

}  // namespace thimble
