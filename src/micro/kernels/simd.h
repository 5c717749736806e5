// What the fast kernels of a package take from the processor, chosen by the preprocessor: MVE (Cortex-M55 and later),
// the DSP extension (Cortex-M4, M7, M33), AVR's multiplier, or plain C. All give the same numbers.
#pragma once

#include <string.h>

#include "base/c99.h"
#include "micro/kernels/avr.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define THIMBLE_MVE 1
#include <arm_mve.h>
#elif defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
#define THIMBLE_DSP 1

// Bytes 0 and 2 of x, or 1 and 3, as two int16, each plus the int16 of `add` beside it.
static inline uint32_t thimble_even_bytes(uint32_t add, uint32_t x) {
  uint32_t y;
  __asm__("sxtab16 %0, %1, %2" : "=r"(y) : "r"(add), "r"(x));
  return y;
}
static inline uint32_t thimble_odd_bytes(uint32_t add, uint32_t x) {
  uint32_t y;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(y) : "r"(add), "r"(x));
  return y;
}
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
// sum + both products of int16 pairs; of the lower or the upper ones alone.
static inline int32_t thimble_mac2(uint32_t x, uint32_t y, int32_t sum) {
  int32_t z;
  __asm__("smlad %0, %1, %2, %3" : "=r"(z) : "r"(x), "r"(y), "r"(sum));
  return z;
}
static inline int32_t thimble_mac_low(uint32_t x, uint32_t y, int32_t sum) {
  int32_t z;
  __asm__("smlabb %0, %1, %2, %3" : "=r"(z) : "r"(x), "r"(y), "r"(sum));
  return z;
}
static inline int32_t thimble_mac_high(uint32_t x, uint32_t y, int32_t sum) {
  int32_t z;
  __asm__("smlatt %0, %1, %2, %3" : "=r"(z) : "r"(x), "r"(y), "r"(sum));
  return z;
}
static inline uint32_t thimble_load4(const void* at) {
  uint32_t x;
  memcpy(&x, at, sizeof x);
  return x;
}
#endif

#if defined(__AVR__) || defined(__ARM_ARCH_6M__)
#define THIMBLE_FEW_REGISTERS 1  // four sums at a time would go to memory and back
#endif

// thimble_requantized for shifts of −1 and below, which nearly every layer has, and multipliers that are not negative.
#if defined(THIMBLE_AVR)
static inline int8_t thimble_requantized_right(const thimble_requantize* r, int32_t acc, thimble_dim channel) {
  return thimble_requantized_avr(r, acc, channel);
}
#else
THIMBLE_INLINE int8_t thimble_requantized_right(const thimble_requantize* r, int32_t acc, thimble_dim channel) {
  const int64_t product = (int64_t)acc * thimble_read_s32(r->multiplier + channel);
  const int32_t high = (int32_t)((product + ((int64_t)1 << 30)) >> 31);
  const int right = -thimble_read_s8(r->shift + channel);
  const int32_t v = (((high + (high >> 31)) >> (right - 1)) + 1) >> 1;  // no sum that could overflow
  return (int8_t)thimble_clamp(v + r->zero, r->lo, r->hi);
}
#endif

#if defined(THIMBLE_MVE)
// The same for the channels from `channel` on, as many of four as `some` says, into y. (The rounding shift of the
// processor goes half up: one less makes negative halves go away from zero.)
static inline void thimble_requantized_four(const thimble_requantize* r, int32x4_t acc, thimble_dim channel,
                                            mve_pred16_t some, int8_t* y) {
  const int32x4_t shift = vldrbq_z_s32(r->shift + channel, some);
  int32x4_t v = vqrdmulhq_s32(acc, vldrwq_z_s32(r->multiplier + channel, some));
  v = vrshlq_s32(vaddq_s32(v, vshrq_n_s32(v, 31)), shift);
  v = vminq_s32(vmaxq_s32(vaddq_n_s32(v, r->zero), vdupq_n_s32(r->lo)), vdupq_n_s32(r->hi));
  vstrbq_p_s32(y, v, some);
}
#endif

// The taps of a window that lie inside the image: [first, last).
static inline void thimble_taps_inside(const thimble_axis* axis, thimble_dim out, thimble_dim* first,
                                       thimble_dim* last) {
  *first = 0;
  *last = axis->kernel;
  while (*first < *last && thimble_input_of(axis, out, *first) < 0) ++*first;
  while (*first < *last && thimble_input_of(axis, out, *last - 1) >= axis->in) --*last;
}
