// Comparisons of two operands with broadcasting: equal, not_equal, greater, greater_equal, less, less_equal.
//   a, b  one type: float32, float16, float64, int32, int64, uint64, int16, int8, uint8; equal and not_equal also bool
//   y     bool of their broadcast shape
// Floats as IEEE has it: NaN is unequal to everything and in no order, −0 equals 0. 8 bits compare real numbers on a
// grid of 1/256: each operand is (q − zero) · 256, multiplied by its scale with double rounding, so operands of scales
// below that grid are taken for equal where they are nearly so. int16 with scales does the same for equal and
// not_equal; in order it compares raw values. Scales are below 1 in files that LiteRT can run (its reference shifts by
// a negative count otherwise); up to 2^13 (int16: 2^6) they mean here what
// they say.
// Source: TensorFlow Lite EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL (reference kernels).
#pragma once

#include "ops/broadcast.h"
#include "ops/compare/kernel.h"
#include "ops/op.h"

namespace thimble {

// Every comparison is one of four, of its operands as they stand or the other way round.
enum class Comparison : uint8_t { equal, not_equal, less, less_equal };
struct ComparisonForm {
  Comparison comparison;
  bool swapped;
};
ComparisonForm comparison_form(Op op);

template <class T>
bool compares(Comparison c, T a, T b) {
  switch (c) {
    case Comparison::equal: return a == b;
    case Comparison::not_equal: return a != b;
    case Comparison::less: return a < b;
    default: return a <= b;
  }
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_compare& p) {
  fields(v, "broadcast", p.broadcast);
  v.number("a is constant", p.a_constant);
  v.number("b is constant", p.b_constant);
  v.number("scaled", p.scaled);
  v.number("zero point of a", p.a_zero);
  v.number("zero point of b", p.b_zero);
  v.number("multiplier of a", p.a_multiplier);
  v.number("multiplier of b", p.b_multiplier);
  v.number("shift of a", p.a_shift);
  v.number("shift of b", p.b_shift);
}
