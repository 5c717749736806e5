// add of int8 tensors of one shape. The same bytes as thimble_add_s8 where the operands' shifts are not above 0 and the
// result's is −1 … −31.
#pragma once

#include "micro/kernels/simd.h"
#include "ops/binary/kernel.h"

// How an operand gets to the common scale.
typedef struct thimble_addend {
  int32_t zero, multiplier, half, tie;  // tie: −1 takes negative halves away from zero
  int left, right;
} thimble_addend;

static inline thimble_addend thimble_addend_of(int32_t zero, int32_t multiplier, int left, int shift) {
  const int32_t half = (int32_t)(((uint32_t)1 << -shift) >> 1);
  const thimble_addend a = {zero, multiplier, half, shift < 0 ? -1 : 0, left, -shift};
  return a;
}

#if defined(THIMBLE_MVE)
static inline int32x4_t thimble_addend_lanes(const thimble_addend* a, const int8_t* x) {
  const int32x4_t byte = vsubq_n_s32(vldrbq_s32(x), a->zero);
  const int32x4_t high = vqrdmulhq_n_s32(vshlq_r_s32(byte, a->left), a->multiplier);
  return vrshlq_n_s32(vaddq_s32(high, vandq_s32(vshrq_n_s32(high, 31), vdupq_n_s32(a->tie))), -a->right);
}
#endif

static inline int32_t thimble_addend_value(const thimble_addend* a, int32_t x) {
  const int32_t high = thimble_high_product((x - a->zero) * ((int32_t)1 << a->left), a->multiplier);
  return (high + ((high >> 31) & a->tie) + a->half) >> a->right;
}

static inline void thimble_add_fast_s8(const thimble_binary* p, const int8_t* a, const int8_t* b, int8_t* y) {
  const thimble_addend first = thimble_addend_of(p->a_zero, p->a_multiplier, p->left_shift, p->a_shift);
  const thimble_addend second = thimble_addend_of(p->b_zero, p->b_multiplier, p->left_shift, p->b_shift);
  const thimble_dim n = p->broadcast.inner;
  const int32_t multiplier = p->y_multiplier, zero = p->y_zero, lo = p->lo, hi = p->hi;
  const int shift = p->y_shift;
  const int32_t scale = thimble_scale_of(shift), offset = thimble_offset_of(zero);
  thimble_dim i = 0;
#if defined(THIMBLE_MVE)
  for (; i + 4 <= n; i += 4) {
    int32x4_t v = vaddq_s32(thimble_addend_lanes(&first, a + i), thimble_addend_lanes(&second, b + i));
    v = vaddq_n_s32(thimble_scaled_lanes(v, vdupq_n_s32(multiplier), vdupq_n_s32(shift)), zero);
    vstrbq_s32(y + i, vminq_s32(vmaxq_s32(v, vdupq_n_s32(lo)), vdupq_n_s32(hi)));
  }
#endif
  for (; i < n; ++i) {
    const int32_t sum = thimble_addend_value(&first, a[i]) + thimble_addend_value(&second, b[i]);
    y[i] = thimble_scaled_byte(sum, multiplier, scale, offset);
  }
  thimble_limit(lo, hi, y, n);
}
