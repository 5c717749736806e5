// From an element type to the C++ type of its numbers, and the loop over two operands that broadcast: for reference
// kernels of operators that compute in the elements' own type.
#pragma once

#include <cstdint>

#include "graph/type.h"
#include "ops/broadcast.h"

namespace thimble {

// f(T{}) with the type of the elements; false where they are no plain numbers (float16, 4 bits, complex).
template <class F>
bool with_number(DType type, F f) {
  switch (type) {
    case DType::f32: return f(float{}), true;
    case DType::f64: return f(double{}), true;
    case DType::i8: return f(int8_t{}), true;
    case DType::u8:
    case DType::boolean: return f(uint8_t{}), true;
    case DType::i16: return f(int16_t{}), true;
    case DType::u16: return f(uint16_t{}), true;
    case DType::i32: return f(int32_t{}), true;
    case DType::u32: return f(uint32_t{}), true;
    case DType::i64: return f(int64_t{}), true;
    case DType::u64: return f(uint64_t{}), true;
    default: return false;
  }
}

// f(T{}) with an unsigned integer of `width` bytes, for operators that only move elements.
template <class F>
void with_width(int64_t width, F f) {
  switch (width) {
    case 1: return f(uint8_t{});
    case 2: return f(uint16_t{});
    case 4: return f(uint32_t{});
    default: return f(uint64_t{});
  }
}

// y[k] = f(a, b) for every element of the result, in order.
template <class A, class B, class Y, class F>
void each_pair(const Broadcast& plan, const A* a, const B* b, Y* y, F f) {
  for (int64_t o = 0; o < plan.outer; ++o) {
    const auto at = plan.at(o);
    for (int64_t i = 0; i < plan.inner; ++i) *y++ = f(a[at.a + i * plan.a_step], b[at.b + i * plan.b_step]);
  }
}

}  // namespace thimble
