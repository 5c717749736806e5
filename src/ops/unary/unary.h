// Elementwise functions y = f(x), one operator each (unary.def), sharing all rules.
//   x, y  float32, int8 or uint8, one shape; some functions also int16, int32, int64, float64: wide.h
// int8 and uint8: the functions that TFLite defines in integers (relu family, leaky_relu, hard_swish,
// abs, rsqrt) follow its arithmetic; all others are TFLite's table: q = round(f(s·(x − z)) · (1/s'))
// + z' in float32. sigmoid's output has scale 1/256 and the lowest zero point. int8 neg is LiteRT's −q of the
// stored byte (−128 stays), whatever the scales and zero points; int8 sqrt cuts √(s·(x − z)) / s' toward zero.
// Roots of negative values, where LiteRT ends with an error, are the zero point (sqrt) and the largest value (rsqrt).
// float32: the value of the function in double precision, rounded. NaN gives NaN; infinities as in
// <cmath>; relu maps −inf to 0; hard_swish multiplies by relu6 before dividing by 6 (so −inf gives
// NaN); round and sign give +0, not −0, for what is not −0 itself (round) or is (sign), as in TFLite.
// unary_grad(x, y, dy) → dx = dy · f'(x). At kinks the derivative is 0 (relu, relu6, abs).
#pragma once

#include <limits>
#include <span>

#include "base/functions.h"
#include "ops/op.h"
#include "ops/unary/kernel.h"

namespace thimble {

struct UnaryAttrs {
  float alpha = 0;           // leaky_relu: slope below 0; elu: limit at −∞
  bool approximate = false;  // gelu by tanh
  template <class V>
  void fields(V& v) {
    v("alpha", alpha);
    v("approximate", approximate);
  }
};

// What a row says of its function beside the formula.
struct UnaryTraits {
  // A clamp to [low, high] (in 8 bits too), and the activation that it is when a layer does it.
  Activation fused = Activation::none;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  bool in_int8 = false;  // quantisation leaves it among the int8 operators
  int int8_version = 1;  // of the TFLite operator for int8
  constexpr bool clamps() const { return low > -std::numeric_limits<float>::infinity(); }
};

inline constexpr UnaryFn kNoKernel = UnaryFn::count;  // the reference is all there is

// A row of unary.def.
struct UnaryRow {
  Op op;
  UnaryFn kernel;
  double (*value)(double x, double alpha);
  float (*value_f32)(float x, float alpha);  // in float arithmetic: what tables of 8-bit types hold
  double (*slope)(double x, double alpha);
  UnaryTraits traits;
};
std::span<const UnaryRow> unary_rows();

bool is_unary(Op op);
// Of an operator of the family; gelu has two.
const UnaryRow& unary_row(Op op, const UnaryAttrs& attrs = {});

struct UnaryGradAttrs {
  int row = 0;  // of unary_rows()
  float alpha = 0;
  template <class V>
  void fields(V& v) {
    v("row", row);
    v("alpha", alpha);
  }
};

// The whole 8-bit function of a node: y = table[x], both as raw bytes.
void unary_table(const UnaryRow& row, float alpha, DType type, const Quantization& x, const Quantization& y,
                 uint8_t table[256]);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_unary& p) {
  v.number("values", p.n);
  v.real("alpha", p.alpha);
  v.array("table", p.table, 256);
}
