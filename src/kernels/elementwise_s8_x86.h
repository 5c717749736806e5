// Elementwise int8 arithmetic of the x86 tables, over the vector operations of one instruction set.
#pragma once

#include "kernels/elementwise_s8_generic.h"

namespace thimble {
namespace {

// One operand: its bytes less the zero point, for add and sub brought to the common scale.
template <ElementwiseOp kOp, bool kUnsigned>
struct Operand {
  S8::Scaling scaling;
  S8::I zero_point, same;
  const uint8_t* row = nullptr;
  int step, left;

  Operand(int32_t zero, int32_t multiplier, int32_t shift, int step_of, int left_shift)
      : scaling(S8::set(multiplier), S8::set(shift)), zero_point(S8::set(zero)), step(step_of), left(left_shift) {}

  S8::I value(S8::I bytes) const {
    const S8::I centred = S8::sub(bytes, zero_point);
    if constexpr (kOp == ElementwiseOp::mul) return centred;
    return scaling.value(S8::shift_left(centred, left));
  }
  void start(const uint8_t* at) {
    row = at;
    if (step == 0) same = value(S8::set(kUnsigned ? int32_t{at[0]} : int32_t{static_cast<int8_t>(at[0])}));
  }
  S8::I load(int64_t i) const {
    return step == 0 ? same : value(kUnsigned ? S8::widen_unsigned(row + i) : S8::widen_signed(row + i));
  }
  S8::I load_part(int64_t i, int count) const {
    if (step == 0) return same;
    return value(kUnsigned ? S8::widen_unsigned_part(row + i, count) : S8::widen_signed_part(row + i, count));
  }
};

template <ElementwiseOp kOp>
inline S8::I combine(S8::I a, S8::I b) {
  if constexpr (kOp == ElementwiseOp::mul) return S8::mul(a, b);
  return kOp == ElementwiseOp::add ? S8::add(a, b) : S8::sub(a, b);
}

template <ElementwiseOp kOp, bool kUnsigned>
void elementwise_rows(const ElementwiseS8Args& e) {
  if (e.n <= 0) return;
  Operand<kOp, kUnsigned> a(e.a_zero_point, e.a_multiplier, e.a_shift, e.a_step, e.left_shift);
  Operand<kOp, kUnsigned> b(e.b_zero_point, e.b_multiplier, e.b_shift, e.b_step, e.left_shift);
  int32_t multiplier[S8::kLanes], shift[S8::kLanes];
  for (int l = 0; l < S8::kLanes; ++l) {
    multiplier[l] = e.multiplier;
    shift[l] = e.shift;
  }
  RequantArgs result;
  result.multiplier = multiplier;
  result.shift = shift;
  result.zero_point = e.zero_point;
  result.lo = e.lo;
  result.hi = e.hi;
  result.flip = e.flip;
  const S8::Requant requant(result, 0, S8::kLanes);
  for (int64_t r = 0; r < e.rows; ++r) {
    a.start(e.a + r * e.a_row);
    b.start(e.b + r * e.b_row);
    uint8_t* y = e.y + r * e.n;
    int64_t i = 0;
    for (; i + S8::kLanes <= e.n; i += S8::kLanes) requant.store_full(y + i, combine<kOp>(a.load(i), b.load(i)));
    if (i == e.n) continue;
    const int rest = static_cast<int>(e.n - i);
    requant.store_part(y + i, combine<kOp>(a.load_part(i, rest), b.load_part(i, rest)), rest);
  }
}

template <ElementwiseOp kOp>
void elementwise(const ElementwiseS8Args& e) {
  return e.bytes_unsigned ? elementwise_rows<kOp, true>(e) : elementwise_rows<kOp, false>(e);
}

void fill_elementwise(ElementwiseS8Kernels& table, const char* name) {
  table.name = name;
  table.add = elementwise<ElementwiseOp::add>;
  table.sub = elementwise<ElementwiseOp::sub>;
  table.mul = elementwise<ElementwiseOp::mul>;
}

}  // namespace
}  // namespace thimble
