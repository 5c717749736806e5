// The comparisons as C99: the scalar loops behind compare.h, which says what they compute.
#pragma once

#include "base/c99.h"
#include "ops/broadcast_kernel.h"

typedef struct thimble_compare {
  thimble_broadcast broadcast;
  int a_constant, b_constant;  // whether the operand is a constant, which is read as such
  int scaled;                  // 8 bits, and int16 with scales
  int32_t a_zero, b_zero, a_multiplier, b_multiplier;
  int a_shift, b_shift;
} thimble_compare;

// A raw value of an operand on the common grid.
THIMBLE_INLINE int32_t thimble_compared_a(const thimble_compare* p, int32_t q) {
  return thimble_rescale((q - p->a_zero) * 256, p->a_multiplier, p->a_shift);
}
THIMBLE_INLINE int32_t thimble_compared_b(const thimble_compare* p, int32_t q) {
  return thimble_rescale((q - p->b_zero) * 256, p->b_multiplier, p->b_shift);
}

THIMBLE_INLINE int32_t thimble_compare_read(const int8_t* at, int constant, int flip) {
  return thimble_byte(constant ? thimble_read_s8(at) : *at, flip);
}
THIMBLE_INLINE float thimble_compare_read_f32(const float* at, int constant) {
  return constant ? thimble_read_f32(at) : *at;
}

// thimble_FUNCTION_bytes (read as thimble_byte does), thimble_FUNCTION_s8 and thimble_FUNCTION_f32, which give 1 where
// `holds` of u and v, else 0.
#define THIMBLE_COMPARE(function, holds)                                                                               \
  THIMBLE_INLINE void thimble_##function##_bytes(const thimble_compare* p, const int8_t* a, const int8_t* b,           \
                                                 uint8_t* y, int flip) {                                               \
    const thimble_broadcast* const c = &p->broadcast;                                                                  \
    thimble_dim index[THIMBLE_MAX_RANK] = {0}, at_a = 0, at_b = 0;                                                     \
    for (thimble_dim run = 0; run < c->outer; ++run) {                                                                 \
      for (thimble_dim i = 0; i < c->inner; ++i) {                                                                     \
        const int32_t u = thimble_compared_a(p, thimble_compare_read(a + at_a + i * c->a_step, p->a_constant, flip));  \
        const int32_t v = thimble_compared_b(p, thimble_compare_read(b + at_b + i * c->b_step, p->b_constant, flip));  \
        *y++ = (uint8_t)((holds) ? 1 : 0);                                                                             \
      }                                                                                                                \
      thimble_broadcast_next(c, index, &at_a, &at_b);                                                                  \
    }                                                                                                                  \
  }                                                                                                                    \
  THIMBLE_INLINE void thimble_##function##_s8(const thimble_compare* p, const int8_t* a, const int8_t* b,              \
                                              uint8_t* y) {                                                            \
    thimble_##function##_bytes(p, a, b, y, 0);                                                                         \
  }                                                                                                                    \
  THIMBLE_INLINE void thimble_##function##_f32(const thimble_compare* p, const float* a, const float* b, uint8_t* y) { \
    const thimble_broadcast* const c = &p->broadcast;                                                                  \
    thimble_dim index[THIMBLE_MAX_RANK] = {0}, at_a = 0, at_b = 0;                                                     \
    for (thimble_dim run = 0; run < c->outer; ++run) {                                                                 \
      for (thimble_dim i = 0; i < c->inner; ++i) {                                                                     \
        const float u = thimble_compare_read_f32(a + at_a + i * c->a_step, p->a_constant);                             \
        const float v = thimble_compare_read_f32(b + at_b + i * c->b_step, p->b_constant);                             \
        *y++ = (uint8_t)((holds) ? 1 : 0);                                                                             \
      }                                                                                                                \
      thimble_broadcast_next(c, index, &at_a, &at_b);                                                                  \
    }                                                                                                                  \
  }

THIMBLE_COMPARE(equal, u == v)
THIMBLE_COMPARE(not_equal, u != v)
THIMBLE_COMPARE(greater, u > v)
THIMBLE_COMPARE(greater_equal, u >= v)
THIMBLE_COMPARE(less, u < v)
THIMBLE_COMPARE(less_equal, u <= v)
#undef THIMBLE_COMPARE
