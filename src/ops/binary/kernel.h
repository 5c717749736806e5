// The binary functions as C99: the scalar loops behind binary.h, which says what they compute.
#pragma once

#include "base/c99.h"
#include "ops/broadcast_kernel.h"
#include "ops/fixed_function_kernel.h"

typedef struct thimble_binary {
  thimble_broadcast broadcast;
  int a_constant, b_constant;  // whether the operand is a constant, which is read as such
  // 8 bits
  int32_t a_zero, b_zero, y_zero, lo, hi;
  int32_t a_multiplier, b_multiplier, y_multiplier;
  int left_shift, a_shift, b_shift, y_shift;
  thimble_range range;  // float32
} thimble_binary;

// ---- 8 bits: from the raw values of both operands to the raw result ----

// An operand on the scale that add, sub and squared_difference bring both to.
THIMBLE_INLINE int32_t thimble_binary_a(const thimble_binary* p, int32_t a) {
  return thimble_rescale((a - p->a_zero) * ((int32_t)1 << p->left_shift), p->a_multiplier, p->a_shift);
}
THIMBLE_INLINE int32_t thimble_binary_b(const thimble_binary* p, int32_t b) {
  return thimble_rescale((b - p->b_zero) * ((int32_t)1 << p->left_shift), p->b_multiplier, p->b_shift);
}
// What is computed, requantised.
THIMBLE_INLINE int32_t thimble_binary_y(const thimble_binary* p, int32_t v) {
  return thimble_clamp(thimble_add(thimble_rescale(v, p->y_multiplier, p->y_shift), p->y_zero), p->lo, p->hi);
}

THIMBLE_INLINE int32_t thimble_add_value(const thimble_binary* p, int32_t a, int32_t b) {
  return thimble_binary_y(p, thimble_binary_a(p, a) + thimble_binary_b(p, b));
}
THIMBLE_INLINE int32_t thimble_sub_value(const thimble_binary* p, int32_t a, int32_t b) {
  return thimble_binary_y(p, thimble_binary_a(p, a) - thimble_binary_b(p, b));
}
THIMBLE_INLINE int32_t thimble_squared_difference_value(const thimble_binary* p, int32_t a, int32_t b) {
  const int32_t difference = thimble_binary_a(p, a) - thimble_binary_b(p, b);
  return thimble_binary_y(p, difference * difference);
}
THIMBLE_INLINE int32_t thimble_mul_value(const thimble_binary* p, int32_t a, int32_t b) {
  return thimble_binary_y(p, (a - p->a_zero) * (b - p->b_zero));
}
THIMBLE_INLINE int32_t thimble_maximum_value(const thimble_binary* p, int32_t a, int32_t b) {
  (void)p;
  return a > b ? a : b;
}
THIMBLE_INLINE int32_t thimble_minimum_value(const thimble_binary* p, int32_t a, int32_t b) {
  (void)p;
  return a < b ? a : b;
}

// thimble_divide_by_power as LiteRT's reference computes it with exponents above 31 as well, which small quotients
// have: every bit counts as the remainder, and shift counts wrap at the width of a register. So 0 / y is one step
// above the zero point where the scales ask for it. Exponents are not negative.
THIMBLE_INLINE int32_t thimble_divide_by_wrapping_power(int32_t x, int exponent) {
  const int32_t mask = (int32_t)(uint32_t)(((uint64_t)1 << (exponent & 63)) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> (exponent & 31)) + ((x & mask) > threshold ? 1 : 0);
}

// a / b by b's fixed-point reciprocal; the quotient of nothing is nothing, of anything else by 0 the largest or
// smallest value.
THIMBLE_INLINE int32_t thimble_div_value(const thimble_binary* p, int32_t a, int32_t b) {
  int32_t x = a - p->a_zero, y = b - p->b_zero;
  if (y == 0) return x == 0 ? thimble_clamp(p->y_zero, p->lo, p->hi) : x > 0 ? p->hi : p->lo;
  if (y < 0) {
    x = -x;
    y = -y;
  }
  int power = 0;
  const int32_t reciprocal = thimble_reciprocal(y, 31, &power);
  const int headroom = thimble_leading_zeros((uint32_t)(x < 0 ? ~x : x)) - 1;
  const int32_t unscaled = thimble_high_mul((int32_t)((uint32_t)x << headroom), reciprocal);
  // Not negative: |x| < 2^8 leaves a headroom of 23 bits, up to which infer allows shifts.
  const int exponent = headroom + power - p->y_shift;
  const int32_t v = thimble_divide_by_wrapping_power(thimble_high_mul(unscaled, p->y_multiplier), exponent);
  return thimble_clamp(thimble_add(v, p->y_zero), p->lo, p->hi);
}

// ---- loops ----

THIMBLE_INLINE int32_t thimble_binary_read(const int8_t* at, int constant, int flip) {
  return thimble_byte(constant ? thimble_read_s8(at) : *at, flip);
}
THIMBLE_INLINE float thimble_binary_read_f32(const float* at, int constant) {
  return constant ? thimble_read_f32(at) : *at;
}

// thimble_FUNCTION_bytes (read as thimble_byte does), thimble_FUNCTION_s8 and thimble_FUNCTION_f32, the latter of u and
// v by `value`.
#define THIMBLE_BINARY(function, value)                                                                                \
  THIMBLE_INLINE void thimble_##function##_bytes(const thimble_binary* p, const int8_t* a, const int8_t* b, int8_t* y, \
                                                 int flip) {                                                           \
    const thimble_broadcast* const c = &p->broadcast;                                                                  \
    thimble_dim index[THIMBLE_MAX_RANK] = {0}, at_a = 0, at_b = 0;                                                     \
    for (thimble_dim run = 0; run < c->outer; ++run) {                                                                 \
      for (thimble_dim i = 0; i < c->inner; ++i)                                                                       \
        *y++ =                                                                                                         \
            (int8_t)thimble_##function##_value(p, thimble_binary_read(a + at_a + i * c->a_step, p->a_constant, flip),  \
                                               thimble_binary_read(b + at_b + i * c->b_step, p->b_constant, flip));    \
      thimble_broadcast_next(c, index, &at_a, &at_b);                                                                  \
    }                                                                                                                  \
  }                                                                                                                    \
  THIMBLE_INLINE void thimble_##function##_s8(const thimble_binary* p, const int8_t* a, const int8_t* b, int8_t* y) {  \
    thimble_##function##_bytes(p, a, b, y, 0);                                                                         \
  }                                                                                                                    \
  THIMBLE_INLINE void thimble_##function##_f32(const thimble_binary* p, const float* a, const float* b, float* y) {    \
    const thimble_broadcast* const c = &p->broadcast;                                                                  \
    thimble_dim index[THIMBLE_MAX_RANK] = {0}, at_a = 0, at_b = 0;                                                     \
    for (thimble_dim run = 0; run < c->outer; ++run) {                                                                 \
      for (thimble_dim i = 0; i < c->inner; ++i) {                                                                     \
        const float u = thimble_binary_read_f32(a + at_a + i * c->a_step, p->a_constant);                              \
        const float v = thimble_binary_read_f32(b + at_b + i * c->b_step, p->b_constant);                              \
        *y++ = thimble_clamp_f32(value, &p->range);                                                                    \
      }                                                                                                                \
      thimble_broadcast_next(c, index, &at_a, &at_b);                                                                  \
    }                                                                                                                  \
  }

THIMBLE_BINARY(add, u + v)
THIMBLE_BINARY(sub, u - v)
THIMBLE_BINARY(mul, (u * v))
THIMBLE_BINARY(div, u / v)
THIMBLE_BINARY(maximum, u > v ? u : v)
THIMBLE_BINARY(minimum, u < v ? u : v)
THIMBLE_BINARY(squared_difference, (u - v) * (u - v))
#undef THIMBLE_BINARY
