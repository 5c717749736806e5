// Elementwise functions of two operands with broadcasting: add, sub, mul, div, maximum, minimum,
// squared_difference; y = act(f(a, b)).
//   a, b  one type: float32, int32, int8, uint8; y their broadcast shape
// float32: add, sub, mul and div are clamped to ±FLT_MAX where there is no activation. maximum is
// a > b ? a : b, minimum a < b ? a : b. int32: sums and products wrap; div truncates, −2^31 / −1 saturates.
// Integer division by 0, where LiteRT ends with an error: a constant divisor that holds it is refused; of
// a computed one, x / 0 is 0 in int32 and in 8 bits the largest or smallest value, of 0 / 0 the zero point.
// 8 bits: add and sub bring both operands to twice the larger scale with 20 bits of headroom (7 for
// squared_difference) and requantise; mul requantises the product; maximum and minimum compare raw
// values and need equal quantisation; div multiplies by a fixed-point reciprocal, its shifts beyond 31 bits as LiteRT's
// reference makes them. Source: TensorFlow Lite's reference kernels.
//
// sum_to_shape(x) → the sum of x over the dimensions that broadcasting to x's shape repeated.
// extremum_grad(a, b, dy) → dy where a is the chosen operand (a ≥ b for maximum, a ≤ b for minimum)
// and 0 elsewhere; the other way round for `second`. All of the broadcast shape.
#pragma once

#include "base/functions.h"
#include "ops/broadcast.h"
#include "ops/op.h"

namespace thimble {

struct BinaryAttrs {
  Activation activation = Activation::none;
  template <class V>
  void fields(V& v) {
    v("activation", activation);
  }
};

struct SumToShapeAttrs {
  std::vector<int64_t> shape;
  template <class V>
  void fields(V& v) {
    v("shape", shape);
  }
};

struct ExtremumGradAttrs {
  bool minimum = false;
  bool second = false;
  template <class V>
  void fields(V& v) {
    v("minimum", minimum);
    v("second", second);
  }
};

BinaryFn binary_fn(Op op);

// Clamp bounds of a float result.
void binary_range(BinaryFn fn, Activation activation, float* lo, float* hi);

// The 8-bit arithmetic of one node.
struct BinaryInteger {
  BinaryFn fn;
  int32_t za, zb, zy, lo, hi;
  int left_shift = 0;
  int32_t a_multiplier = 0, b_multiplier = 0, y_multiplier = 0;
  int a_shift = 0, b_shift = 0, y_shift = 0;

  int32_t operator()(int32_t a, int32_t b) const;
  // The first half of it for add, sub and squared_difference: an operand on the common scale.
  int32_t scaled_a(int32_t a) const;
  int32_t scaled_b(int32_t b) const;
  int32_t finish(int32_t a_scaled, int32_t b_scaled) const;
};
BinaryInteger binary_integer(BinaryFn fn, Activation activation, DType type, const Quantization& a,
                             const Quantization& b, const Quantization& y);

}  // namespace thimble
