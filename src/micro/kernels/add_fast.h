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
static inline int32x4_t thimble_addend_lanes(const thimble_addend* a, const int8_t* x, mve_pred16_t some) {
  const int32x4_t byte = vsubq_n_s32(vldrbq_z_s32(x, some), a->zero);
  const int32x4_t high = vqrdmulhq_n_s32(vshlq_r_s32(byte, a->left), a->multiplier);
  return vrshlq_n_s32(vaddq_s32(high, vandq_s32(vshrq_n_s32(high, 31), vdupq_n_s32(a->tie))), -a->right);
}
#else
static inline int32_t thimble_addend_value(const thimble_addend* a, int32_t x) {
  const int32_t high = thimble_high_product((x - a->zero) * ((int32_t)1 << a->left), a->multiplier);
  return (high + ((high >> 31) & a->tie) + a->half) >> a->right;
}
#endif

static inline void thimble_add_fast_s8(const thimble_binary* p, const int8_t* a, const int8_t* b, int8_t* y) {
  const thimble_addend first = thimble_addend_of(p->a_zero, p->a_multiplier, p->left_shift, p->a_shift);
  const thimble_addend second = thimble_addend_of(p->b_zero, p->b_multiplier, p->left_shift, p->b_shift);
  const thimble_dim n = p->broadcast.inner;
  thimble_dim i;
#if defined(THIMBLE_MVE)
  const int32x4_t multiplier = vdupq_n_s32(p->y_multiplier), shift = vdupq_n_s32(p->y_shift);
  for (i = 0; i < n; i += 4) {
    const mve_pred16_t some = vctp32q((uint32_t)(n - i));
    int32x4_t v = vaddq_s32(thimble_addend_lanes(&first, a + i, some), thimble_addend_lanes(&second, b + i, some));
    v = vaddq_n_s32(thimble_scaled_lanes(v, multiplier, shift), p->y_zero);
    v = vminq_s32(vmaxq_s32(v, vdupq_n_s32(p->lo)), vdupq_n_s32(p->hi));
    vstrbq_p_s32(y + i, v, some);
  }
#else
  const int32_t multiplier = p->y_multiplier, odd = 2 * p->y_zero + 1;
  const int32_t right = -1 - p->y_shift;
  for (i = 0; i < n; ++i) {
    const int32_t sum = thimble_addend_value(&first, a[i]) + thimble_addend_value(&second, b[i]);
    y[i] = thimble_scaled_byte(sum, multiplier, right, odd);
  }
  thimble_limit(p->lo, p->hi, y, n);
#endif
}
