// The unary functions as C99: the loops behind unary.h, which says what they compute. Bytes are looked up; float32 is
// computed in float32, where the definition (unary_value) rounds a double once. The bounds below are relative errors
// against it in units of 2^−23, with a mathematical library whose functions are within one unit (tanhf: two), for
// results of at least 10^−36; smaller ones may be 0.
#pragma once

#include <float.h>
#include <math.h>

#include "base/c99.h"

typedef struct thimble_unary {
  thimble_dim n;
  float alpha;          // float32
  const int8_t* table;  // 8 bits: the 256 results by the byte that is read
} thimble_unary;

THIMBLE_INLINE void thimble_unary_s8(const thimble_unary* p, const int8_t* x, int8_t* y) {
  for (thimble_dim i = 0; i < p->n; ++i) y[i] = thimble_read_s8(p->table + (uint8_t)x[i]);
}

// To the nearest whole number, the even one of two; never −0.
static inline float thimble_nearest(float x) {
  const float low = floorf(x), rest = x - low;
  return (rest < 0.5f || (rest == 0.5f && low * 0.5f == floorf(low * 0.5f)) ? low : low + 1) + 0.0f;
}

// thimble_FUNCTION_value(x, alpha) and the loop thimble_FUNCTION_f32(plan, x, y).
#define THIMBLE_UNARY(function, value)                                                            \
  static inline float thimble_##function##_value(float x, float alpha) {                          \
    (void)alpha;                                                                                  \
    return value;                                                                                 \
  }                                                                                               \
  static inline void thimble_##function##_f32(const thimble_unary* p, const float* x, float* y) { \
    for (thimble_dim i = 0; i < p->n; ++i) y[i] = thimble_##function##_value(x[i], p->alpha);     \
  }

// The same bits.
THIMBLE_UNARY(relu, x < 0 ? 0.0f : x)
THIMBLE_UNARY(relu6, x > 6 ? 6.0f : x < 0 ? 0.0f : x)
THIMBLE_UNARY(relu_n1_to_1, x > 1 ? 1.0f : x < -1 ? -1.0f : x)
THIMBLE_UNARY(relu_0_to_1, x > 1 ? 1.0f : x < 0 ? 0.0f : x)
THIMBLE_UNARY(zeros_like, ((void)x, 0.0f))
THIMBLE_UNARY(leaky_relu, x > 0 ? x : x * alpha)
THIMBLE_UNARY(neg, -x)
THIMBLE_UNARY(abs, fabsf(x))
THIMBLE_UNARY(square, (x * x))
THIMBLE_UNARY(sqrt, sqrtf(x))
THIMBLE_UNARY(hard_swish, thimble_relu6_value(x + 3, alpha) * x / 6)
THIMBLE_UNARY(sign, x > 0 ? 1.0f : x < 0 ? -1.0f : x + 0.0f)
THIMBLE_UNARY(floor, floorf(x))
THIMBLE_UNARY(ceil, ceilf(x))
THIMBLE_UNARY(round, x == 0 ? x : thimble_nearest(x))
// 1 unit.
THIMBLE_UNARY(exp, expf(x))
THIMBLE_UNARY(log, logf(x))
THIMBLE_UNARY(sin, sinf(x))
THIMBLE_UNARY(cos, cosf(x))
// 2 units.
THIMBLE_UNARY(tanh, tanhf(x))
THIMBLE_UNARY(rsqrt, 1 / sqrtf(x))
THIMBLE_UNARY(softsign, x > FLT_MAX ? 1.0f : x < -FLT_MAX ? -1.0f : x / (1 + fabsf(x)))
// 4 units.
THIMBLE_UNARY(sigmoid, 1 / (1 + expf(-x)))
THIMBLE_UNARY(silu, x < -FLT_MAX ? 0.0f : x / (1 + expf(-x)))
// 4 + 8 · |x + 0.044715 · x³| units: what the argument loses, the function multiplies.
THIMBLE_UNARY(gelu_tanh, x < -FLT_MAX ? 0.0f : x / (1 + expf(-1.595769122f * (x + 0.044715f * x * x * x))))
// One unit of 1, absolute.
THIMBLE_UNARY(hard_sigmoid, thimble_relu6_value(x + 3, alpha) / 6)
#ifndef __AVR__  // whose library has no expm1f, log1pf and erfcf
// 4 units.
THIMBLE_UNARY(elu, x < 0 ? alpha * expm1f(x) : x)
THIMBLE_UNARY(selu, 1.050700987f * (x < 0 ? 1.673263242f * expm1f(x) : x))
THIMBLE_UNARY(softplus, x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x)))
THIMBLE_UNARY(erf, erff(x))
THIMBLE_UNARY(tan, tanf(x))
THIMBLE_UNARY(asin, asinf(x))
THIMBLE_UNARY(acos, acosf(x))
THIMBLE_UNARY(atan, atanf(x))
THIMBLE_UNARY(sinh, sinhf(x))
THIMBLE_UNARY(cosh, coshf(x))
THIMBLE_UNARY(asinh, asinhf(x))
THIMBLE_UNARY(acosh, acoshf(x))
THIMBLE_UNARY(atanh, atanhf(x))
// 8 units.
THIMBLE_UNARY(mish, x < -FLT_MAX ? 0.0f : x * tanhf(thimble_softplus_value(x, alpha)))
// 4 + 2 · x² units.
THIMBLE_UNARY(gelu, x < -FLT_MAX ? 0.0f : 0.5f * x * erfcf(x * -0.7071067812f))
#endif
#undef THIMBLE_UNARY
