// Elementwise int8 arithmetic in plain C++: the scalar and NEON tables.
#pragma once

#include "kernels/elementwise_s8.h"
#include "kernels/s8_scalar.h"

namespace thimble {
namespace {

enum class ElementwiseOp { add, sub, mul };

template <ElementwiseOp kOp>
void generic_elementwise(const ElementwiseS8Args& e) {
  const int32_t power = int32_t{1} << e.left_shift;
  for (int64_t r = 0; r < e.rows; ++r) {
    const uint8_t *a_row = e.a + r * e.a_row, *b_row = e.b + r * e.b_row;
    uint8_t* y = e.y + r * e.n;
    for (int64_t i = 0; i < e.n; ++i) {
      const uint8_t a_byte = a_row[i * e.a_step], b_byte = b_row[i * e.b_step];
      const int32_t a = (e.bytes_unsigned ? int32_t{a_byte} : int32_t{static_cast<int8_t>(a_byte)}) - e.a_zero_point;
      const int32_t b = (e.bytes_unsigned ? int32_t{b_byte} : int32_t{static_cast<int8_t>(b_byte)}) - e.b_zero_point;
      int32_t x;
      if constexpr (kOp == ElementwiseOp::mul) {
        x = wrap_mul(a, b);
      } else {
        const int32_t a_scaled = requantise(wrap_mul(a, power), e.a_multiplier, e.a_shift);
        const int32_t b_scaled = requantise(wrap_mul(b, power), e.b_multiplier, e.b_shift);
        x = kOp == ElementwiseOp::add ? wrap_add(a_scaled, b_scaled) : wrap_sub(a_scaled, b_scaled);
      }
      const int32_t v = wrap_add(requantise(x, e.multiplier, e.shift), e.zero_point);
      y[i] = static_cast<uint8_t>(static_cast<uint8_t>(v < e.lo ? e.lo : v > e.hi ? e.hi : v) ^ e.flip);
    }
  }
}

[[maybe_unused]] void fill_generic_elementwise(ElementwiseS8Kernels& table, const char* name) {
  table.name = name;
  table.add = generic_elementwise<ElementwiseOp::add>;
  table.sub = generic_elementwise<ElementwiseOp::sub>;
  table.mul = generic_elementwise<ElementwiseOp::mul>;
}

}  // namespace
}  // namespace thimble
