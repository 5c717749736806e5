// Elementwise int8 arithmetic of the x86 tables, over the vector operations of one instruction set.
#pragma once

#include "kernels/elementwise_s8_generic.h"

namespace thimble {
namespace {

template <bool kUnsigned>
inline S8::I centred(const uint8_t* x, int64_t i, int step, S8::I zero_point) {
  if (step == 0) {
    const int32_t value = kUnsigned ? int32_t{x[0]} : int32_t{static_cast<int8_t>(x[0])};
    return S8::sub(S8::set(value), zero_point);
  }
  return S8::sub(kUnsigned ? S8::widen_unsigned(x + i) : S8::widen_signed(x + i), zero_point);
}

template <ElementwiseOp kOp, bool kUnsigned>
void elementwise_run(const ElementwiseS8Args& e) {
  const S8::Scaling of_a(S8::set(e.a_multiplier), S8::set(e.a_shift));
  const S8::Scaling of_b(S8::set(e.b_multiplier), S8::set(e.b_shift));
  const S8::Scaling of_y(S8::set(e.multiplier), S8::set(e.shift));
  const S8::I a_zero = S8::set(e.a_zero_point), b_zero = S8::set(e.b_zero_point), zero = S8::set(e.zero_point);
  const S8::I lo = S8::set(e.lo), hi = S8::set(e.hi);
  const uint8_t a_first = e.a_step == 0 && e.n > 0 ? e.a[0] : uint8_t{0};
  const uint8_t b_first = e.b_step == 0 && e.n > 0 ? e.b[0] : uint8_t{0};
  const uint8_t* a_from = e.a_step == 0 ? &a_first : e.a;
  const uint8_t* b_from = e.b_step == 0 ? &b_first : e.b;
  int64_t i = 0;
  for (; i + S8::kLanes <= e.n; i += S8::kLanes) {
    const S8::I a = centred<kUnsigned>(a_from, i, e.a_step, a_zero);
    const S8::I b = centred<kUnsigned>(b_from, i, e.b_step, b_zero);
    S8::I x;
    if constexpr (kOp == ElementwiseOp::mul) {
      x = S8::mul(a, b);
    } else {
      const S8::I a_scaled = of_a.value(S8::shift_left(a, e.left_shift));
      const S8::I b_scaled = of_b.value(S8::shift_left(b, e.left_shift));
      x = kOp == ElementwiseOp::add ? S8::add(a_scaled, b_scaled) : S8::sub(a_scaled, b_scaled);
    }
    S8::store_low_bytes(e.y + i, S8::clamp(S8::add(of_y.value(x), zero), lo, hi));
  }
  ElementwiseS8Args rest = e;
  rest.a = a_from;
  rest.b = b_from;
  generic_elementwise_from<kOp>(rest, i);
}

template <ElementwiseOp kOp>
void elementwise(const ElementwiseS8Args& e) {
  return e.bytes_unsigned ? elementwise_run<kOp, true>(e) : elementwise_run<kOp, false>(e);
}

void fill_elementwise(ElementwiseS8Kernels& table, const char* name) {
  table.name = name;
  table.add = elementwise<ElementwiseOp::add>;
  table.sub = elementwise<ElementwiseOp::sub>;
  table.mul = elementwise<ElementwiseOp::mul>;
}

}  // namespace
}  // namespace thimble
