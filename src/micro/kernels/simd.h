// What the fast kernels of a package take from the processor, chosen by the preprocessor: MVE (Cortex-M55 and later),
// the DSP extension (Cortex-M4, M7, M33), AVR's multiplier, or plain C. All give the same numbers.
#pragma once

#include <string.h>

#include "base/c99.h"
#include "micro/kernels/avr.h"

// Of constants that are read several bytes at a time.
#if defined(__GNUC__)
#define THIMBLE_WORDS __attribute__((aligned(4)))
#else
#define THIMBLE_WORDS
#endif

// Loops in assembly take nearly all registers: not without optimisation, nor where programs without a system keep one
// of them for the address of their data.
#if defined(__GNUC__) && defined(__OPTIMIZE__) && (!defined(__PIC__) || defined(__linux__))
#define THIMBLE_LOOPS 1
#endif

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1) && defined(THIMBLE_LOOPS)
#define THIMBLE_MVE 1
#include <arm_mve.h>
#elif defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && !defined(__ARM_BIG_ENDIAN)
#define THIMBLE_DSP 1

// Bytes 0 and 2 of x, or 1 and 3, as two int16.
static inline uint32_t thimble_even(uint32_t x) {
  uint32_t y;
  __asm__("sxtb16 %0, %1" : "=r"(y) : "r"(x));
  return y;
}
static inline uint32_t thimble_odd(uint32_t x) {
  uint32_t y;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(y) : "r"(x));
  return y;
}
// The lower halves of x and y beside each other, or the upper ones.
static inline uint32_t thimble_low_halves(uint32_t x, uint32_t y) {
  uint32_t z;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(z) : "r"(x), "r"(y));
  return z;
}
static inline uint32_t thimble_high_halves(uint32_t x, uint32_t y) {
  uint32_t z;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(z) : "r"(y), "r"(x));
  return z;
}
// sum + both products of int16 pairs.
static inline int32_t thimble_mac2(uint32_t x, uint32_t y, int32_t sum) {
  int32_t z;
  __asm__("smlad %0, %1, %2, %3" : "=r"(z) : "r"(x), "r"(y), "r"(sum));
  return z;
}
static inline uint32_t thimble_load4(const void* at) {
  uint32_t x;
  memcpy(&x, at, sizeof x);
  return x;
}
#endif

// A function with a loop that needs nearly all registers; a part of such a loop; and a place over which compilers shall
// not load ahead what registers cannot hold.
#if defined(__GNUC__)
#define THIMBLE_WITHIN static inline __attribute__((always_inline))
#define THIMBLE_IN_ORDER __asm__ volatile("" ::: "memory")
#define THIMBLE_APART static __attribute__((noinline, unused))
#else
#define THIMBLE_WITHIN static inline
#define THIMBLE_IN_ORDER (void)0
#define THIMBLE_APART static
#endif

#if defined(__thumb2__) && defined(THIMBLE_LOOPS) && !defined(__clang__) && !defined(THIMBLE_MVE)
#define THIMBLE_THUMB 1  // inner loops in assembly: with their registers compilers would go to memory (and clang fails)
#endif

#if defined(__AVR__) || defined(__ARM_ARCH_6M__)
#define THIMBLE_FEW_REGISTERS 1  // several sums at a time would go to memory and back
#endif

// sum + x · y. Where processors do that at once, compilers would rather add products to each other first.
static inline int32_t thimble_mac(int32_t x, int32_t y, int32_t sum) {
#if defined(__thumb2__) && defined(__GNUC__)
  int32_t z;
  __asm__("mla %0, %1, %2, %3" : "=r"(z) : "r"(x), "r"(y), "r"(sum));
  return z;
#else
  return thimble_add(sum, x * y);
#endif
}

// memcpy of few bytes.
#if defined(THIMBLE_MVE)
static inline void thimble_copy(int8_t* to, const int8_t* from, thimble_dim n) {
  for (; n >= 16; n -= 16, from += 16, to += 16) vstrbq_s8(to, vldrbq_s8(from));
  if (n > 0) {
    const mve_pred16_t some = vctp8q((uint32_t)n);
    vstrbq_p_s8(to, vldrbq_z_s8(from, some), some);
  }
}
#elif defined(THIMBLE_DSP)
THIMBLE_APART void thimble_copy(int8_t* to, const int8_t* from, thimble_dim n) {
  for (; n >= 4; n -= 4, from += 4, to += 4) {
    const uint32_t four = thimble_load4(from);
    memcpy(to, &four, sizeof four);
  }
  for (; n > 0; --n) *to++ = *from++;
}
#else
static inline void thimble_copy(int8_t* to, const int8_t* from, thimble_dim n) { memcpy(to, from, (size_t)n); }
#endif

// ---- requantisation: thimble_requantized where layers are what the emitter calls plain, which nearly all are: sums
// of less than 2^30, multipliers that are not negative, shifts of −1 … −31 ----

// sum · multiplier / 2^31, rounded to nearest with ties toward +∞.
static inline int32_t thimble_high_product(int32_t sum, int32_t multiplier) {
#if defined(THIMBLE_DSP)
  int32_t high;
  __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(sum * 2), "r"(multiplier));
  return high;
#elif defined(THIMBLE_AVR)
  return thimble_high_mul_positive(sum, multiplier);
#else
  const int64_t product = (int64_t)(sum * 2) * multiplier;
  return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
#endif
}

// The shift and the zero point of a layer as thimble_scaled_byte wants them: the DSP extension adds products with
// powers of two to zero points (of -2^31 too, thus negative ones), others shift, with one bit more.
static inline int32_t thimble_scale_of(int32_t shift) {
#if defined(THIMBLE_DSP)
  return (int32_t)(UINT32_MAX << (32 + shift));
#else
  return -1 - shift;
#endif
}
static inline int32_t thimble_offset_of(int32_t zero) {
#if defined(THIMBLE_DSP)
  return zero;
#else
  return 2 * zero + 1;
#endif
}

// (x >> 1) within a byte.
static inline int8_t thimble_half_byte(int32_t x) {
#if defined(__ARM_FEATURE_SAT) && defined(__GNUC__)
  int32_t y;
  __asm__("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(x));
  return (int8_t)y;
#else
  return (int8_t)thimble_clamp(x >> 1, -128, 127);
#endif
}

// One sum, requantised. Narrower ranges than a byte's: thimble_limit.
static inline int8_t thimble_scaled_byte(int32_t sum, int32_t multiplier, int32_t scale, int32_t offset) {
  const int32_t high = thimble_high_product(sum, multiplier), away = high + (high >> 31);  // halves go away from zero
#if defined(THIMBLE_DSP)
  int32_t y;
  __asm__("smmlsr %0, %1, %2, %3" : "=r"(y) : "r"(away), "r"(scale), "r"(offset));
  __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(y));
  return (int8_t)y;
#else
  return thimble_half_byte((away >> scale) + offset);
#endif
}

// Brings n bytes into a range, which is often all of a byte's.
THIMBLE_APART void thimble_limit(int32_t lo, int32_t hi, int8_t* y, thimble_dim n) {
  thimble_dim i;
  if (lo > -128 || hi < 127)
    for (i = 0; i < n; ++i) y[i] = (int8_t)thimble_clamp(y[i], lo, hi);
}

#if defined(THIMBLE_MVE)
// rescale(sum, multiplier, shift), lane by lane. (The rounding shift of the processor goes half up: one less makes
// negative halves go away from zero.)
static inline int32x4_t thimble_scaled_lanes(int32x4_t sum, int32x4_t multiplier, int32x4_t shift) {
  const int32x4_t v = vqrdmulhq_s32(sum, multiplier);
  return vrshlq_s32(vaddq_s32(v, vshrq_n_s32(v, 31)), shift);
}
#endif
