// fully_connected of int8, four outputs at a time. The same bytes as thimble_fully_connected_s8.
//
// Weights lie in the order in which they are read: four rows (outputs) at a time, of these 16 inputs at a time, row
// behind row; the inputs and the rows that are left over likewise in shorter pieces. bias: less x_zero · Σ weights.
#pragma once

#include "micro/kernels/simd.h"
#include "ops/fully_connected/kernel.h"

// Adds x · (four rows of n ≤ 16 weights) to sums.
static inline void thimble_four_rows(const int8_t* x, const int8_t* w, thimble_dim n, int32_t sums[4]) {
#if defined(THIMBLE_MVE)
  const mve_pred16_t rest = vctp8q((uint32_t)n);
  const int8x16_t v = vldrbq_z_s8(x, rest);
  sums[0] = vmladavaq_s8(sums[0], v, vldrbq_z_s8(w, rest));
  sums[1] = vmladavaq_s8(sums[1], v, vldrbq_z_s8(w + n, rest));
  sums[2] = vmladavaq_s8(sums[2], v, vldrbq_z_s8(w + 2 * n, rest));
  sums[3] = vmladavaq_s8(sums[3], v, vldrbq_z_s8(w + 3 * n, rest));
#elif defined(THIMBLE_AVR)
  thimble_dim row;
  for (row = 0; row < 4; ++row, w += n) sums[row] = thimble_dot(x, w, n, sums[row]);
#elif defined(THIMBLE_FEW_REGISTERS)
  thimble_dim row, i;
  for (row = 0; row < 4; ++row) {
    int32_t sum = sums[row];
    for (i = 0; i < n; ++i) sum = thimble_add(sum, (int32_t)x[i] * thimble_read_s8(w++));
    sums[row] = sum;
  }
#else
  thimble_dim i = 0;
#if defined(THIMBLE_DSP)
  const thimble_dim fours = n - n % 4;
  for (; i < fours; i += 4) {
    const uint32_t v = thimble_load4(x + i), even = thimble_even(v), odd = thimble_odd(v);
    uint32_t a = thimble_load4(w + i);
    sums[0] = thimble_mac2(odd, thimble_odd(a), thimble_mac2(even, thimble_even(a), sums[0]));
    a = thimble_load4(w + n + i);
    sums[1] = thimble_mac2(odd, thimble_odd(a), thimble_mac2(even, thimble_even(a), sums[1]));
    a = thimble_load4(w + 2 * n + i);
    sums[2] = thimble_mac2(odd, thimble_odd(a), thimble_mac2(even, thimble_even(a), sums[2]));
    a = thimble_load4(w + 3 * n + i);
    sums[3] = thimble_mac2(odd, thimble_odd(a), thimble_mac2(even, thimble_even(a), sums[3]));
  }
#endif
  for (; i < n; ++i) {
    const int32_t v = x[i];
    sums[0] = thimble_add(sums[0], v * thimble_read_s8(w + i));
    sums[1] = thimble_add(sums[1], v * thimble_read_s8(w + n + i));
    sums[2] = thimble_add(sums[2], v * thimble_read_s8(w + 2 * n + i));
    sums[3] = thimble_add(sums[3], v * thimble_read_s8(w + 3 * n + i));
  }
#endif
}

static inline void thimble_fully_connected_fast_s8(const thimble_fully_connected* p, const int8_t* x, const int8_t* w,
                                                   const int32_t* bias, int8_t* y) {
  const thimble_fully_connected plan = *p;  // what is stored through y cannot change a copy
  const thimble_dim n = plan.inputs, fours = plan.outputs - plan.outputs % 4;
  thimble_dim b, o, i, k;
  for (b = 0; b < plan.batch; ++b, x += n) {
    const int8_t* at = w;
    for (o = 0; o < fours; o += 4) {
      int32_t sums[4];
      for (k = 0; k < 4; ++k) sums[k] = thimble_read_s32(bias + o + k);
      for (i = 0; i + 16 <= n; i += 16, at += 64) thimble_four_rows(x + i, at, 16, sums);
      if (i < n) thimble_four_rows(x + i, at, n - i, sums);
      at += 4 * (n - i);
      for (k = 0; k < 4; ++k) *y++ = (int8_t)thimble_fully_connected_output(&plan, (uint32_t)sums[k], o + k);
    }
    for (o = fours; o < plan.outputs; ++o) {
      int32_t sum = thimble_read_s32(bias + o);
#if defined(THIMBLE_AVR)
      sum = thimble_dot(x, at, n, sum);
      at += n;
#else
      for (i = 0; i < n; ++i) sum = thimble_add(sum, (int32_t)x[i] * thimble_read_s8(at++));
#endif
      *y++ = (int8_t)thimble_fully_connected_output(&plan, (uint32_t)sum, o);
    }
  }
}
