// Elementwise functions of two operands with broadcasting: add, sub, mul, div, maximum, minimum,
// squared_difference; y = act(f(a, b)).
//   a, b  one type: float32, int32, int8, uint8, int16; all but squared_difference int64, uint64 and float64; mul and
//         div also uint32, mul complex64; add, mul, maximum and minimum float16, computed in float32; y their broadcast
//         shape. int16 with scales in all but squared_difference; without them in add and mul, maximum and minimum
// float32 (float64 has no such bounds): add, sub, mul and div are clamped to ±FLT_MAX where there is no activation (but
// `unbounded`). maximum is a > b ? a : b, minimum a < b ? a : b. int32: sums and products wrap; div truncates, −2^31 /
// −1 saturates; 64 bits as well. Integer division by 0, where LiteRT ends with an error: a constant divisor that holds
// it is refused; of a computed one, x / 0 is 0 in int32 and in 8 bits the largest or smallest value, of 0 / 0 the zero
// point. 8 bits: add and sub bring both operands to twice the larger scale with 20 bits of headroom (7 for
// squared_difference) and requantise; mul requantises the product; maximum and minimum compare raw
// values and need equal quantisation; div multiplies by a fixed-point reciprocal, its shifts beyond 31 bits as LiteRT's
// reference makes them. int16 with scales (zero points 0) does as 8 bits do, add and sub with 15 bits of headroom;
// where pot_scale_int16 asks for it and all scales are powers of two, they shift the operand of the smaller scale to
// the other's, which is the output's, with rounding, and saturate. Integers of 16, 32 and 64 bits without scales wrap.
// Source: TensorFlow Lite's reference kernels.
//
// sum_to_shape(x) → the sum of x over the dimensions that broadcasting to x's shape repeated.
// extremum_grad(a, b, dy) → dy where a is the chosen operand (a ≥ b for maximum, a ≤ b for minimum)
// and 0 elsewhere; the other way round for `second`. All of the broadcast shape.
#pragma once

#include "base/functions.h"
#include "ops/binary/kernel.h"
#include "ops/broadcast.h"
#include "ops/op.h"

namespace thimble {

struct BinaryAttrs {
  Activation activation = Activation::none;
  bool unbounded = false;        // float32: infinities stay, as IEEE has them and ONNX asks
  bool pot_scale_int16 = false;  // add and sub of int16: by shifts where all scales are powers of two
  template <class V>
  void fields(V& v) {
    v("activation", activation);
    v("unbounded", unbounded, since(3));
    v("pot_scale_int16", pot_scale_int16, since(3));
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

// In thimble_binary::left_shift: add and sub of int16 by shifts alone, which a_shift and b_shift are.
inline constexpr int kPowersOfTwo = -1;

// The numbers that 8-bit and 16-bit operands need, but for the broadcast.
void plan_integers(BinaryFn fn, Activation activation, DType type, const Quantization& a, const Quantization& b,
                   const Quantization& y, thimble_binary* plan);
// The raw result of two raw values.
int32_t binary_value(BinaryFn fn, const thimble_binary& plan, int32_t a, int32_t b);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_binary& p) {
  fields(v, "broadcast", p.broadcast);
  v.number("a is constant", p.a_constant);
  v.number("b is constant", p.b_constant);
  v.number("zero point of a", p.a_zero);
  v.number("zero point of b", p.b_zero);
  v.number("zero point", p.y_zero);
  v.number("low", p.lo);
  v.number("high", p.hi);
  v.number("multiplier of a", p.a_multiplier);
  v.number("multiplier of b", p.b_multiplier);
  v.number("multiplier", p.y_multiplier);
  v.number("left shift", p.left_shift);
  v.number("shift of a", p.a_shift);
  v.number("shift of b", p.b_shift);
  v.number("shift", p.y_shift);
  fields(v, "range", p.range);
}
