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

// Functions that some libraries lack (AVR's), made of expf, within two units where the bounds below are relative.
// exp(x) − 1 for x ≤ 0: what cancels near 0 comes from the series.
static inline float thimble_expm1(float x) {
  if (x < -0.5f) return expf(x) - 1;
  return x + x * x *
                 (0.5f +
                  x * (0.166666667f + x * (0.0416666667f +
                                           x * (0.00833333333f +
                                                x * (0.00138888889f + x * (0.000198412698f + x * 0.0000248015873f))))));
}

// log(1 + x) for x in [0, 1]: 2 · artanh(x / (2 + x)).
static inline float thimble_log1p(float x) {
  const float s = x / (2 + x), q = s * s;
  return 2 * s *
         (1 +
          q * (0.333333333f +
               q * (0.2f + q * (0.142857143f +
                                q * (0.111111111f + q * (0.0909090909f + q * (0.0769230769f + q * 0.0666666667f)))))));
}

// 1 − erf(x): near 0 by the series of erf, else exp(−x²) times a polynomial of 1 / (1 + |x| / 2), fitted to erfc(x) ·
// exp(x²) over [0.8, 10] with a relative error of 10^−8.
static inline float thimble_erfc(float x) {
  static const float series[] THIMBLE_FLASH = {1.64621144e-6f,   -1.49256504e-5f, 0.00012055333f,
                                               -0.000854832702f, 0.00522397763f,  -0.0268661706f,
                                               0.112837917f,     -0.376126389f,   1.12837917f};
  static const float scaled[] THIMBLE_FLASH = {-0.0501849987f, 0.258634508f,   -0.457720786f,
                                               0.262550294f,   -0.0239021145f, 0.203570217f,
                                               0.24259378f,    0.282464325f,   0.282080978f};
  const float size = fabsf(x), at = size < 0.8f ? x * x : 1 / (1 + 0.5f * size);
  const float* const terms = size < 0.8f ? series : scaled;
  float sum = thimble_read_f32(terms);
  int i;
  for (i = 1; i < 9; ++i) sum = sum * at + thimble_read_f32(terms + i);
  if (size < 0.8f) return 1 - x * sum;
  sum = sum * at * expf(-size * size);
  return x < 0 ? 2 - sum : sum;
}

#ifdef __AVR__
#define THIMBLE_UNARY_EXPM1 thimble_expm1
#define THIMBLE_UNARY_LOG1P thimble_log1p
#define THIMBLE_UNARY_ERFC thimble_erfc
#else
#define THIMBLE_UNARY_EXPM1 expm1f
#define THIMBLE_UNARY_LOG1P log1pf
#define THIMBLE_UNARY_ERFC erfcf
#endif

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
// 4 units.
THIMBLE_UNARY(elu, x < 0 ? alpha * THIMBLE_UNARY_EXPM1(x) : x)
THIMBLE_UNARY(selu, 1.050700987f * (x < 0 ? 1.673263242f * THIMBLE_UNARY_EXPM1(x) : x))
THIMBLE_UNARY(softplus, x > 0 ? x + THIMBLE_UNARY_LOG1P(expf(-x)) : THIMBLE_UNARY_LOG1P(expf(x)))
THIMBLE_UNARY(tan, tanf(x))
THIMBLE_UNARY(asin, asinf(x))
THIMBLE_UNARY(acos, acosf(x))
THIMBLE_UNARY(atan, atanf(x))
THIMBLE_UNARY(sinh, sinhf(x))
THIMBLE_UNARY(cosh, coshf(x))
#ifndef __AVR__  // whose library lacks these
THIMBLE_UNARY(erf, erff(x))
THIMBLE_UNARY(asinh, asinhf(x))
THIMBLE_UNARY(acosh, acoshf(x))
THIMBLE_UNARY(atanh, atanhf(x))
#endif
// 8 units.
THIMBLE_UNARY(mish, x < -FLT_MAX ? 0.0f : x * tanhf(thimble_softplus_value(x, alpha)))
// 4 + 2 · x² units.
THIMBLE_UNARY(gelu, x < -FLT_MAX ? 0.0f : 0.5f * x * THIMBLE_UNARY_ERFC(x * -0.7071067812f))
#undef THIMBLE_UNARY
#undef THIMBLE_UNARY_EXPM1
#undef THIMBLE_UNARY_LOG1P
#undef THIMBLE_UNARY_ERFC
