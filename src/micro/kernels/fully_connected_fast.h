// fully_connected of int8, four outputs at a time. The same bytes as thimble_fully_connected_s8.
//
// Weights lie in the order in which they are read: four rows (outputs) at a time, of these 16 inputs at a time, row
// behind row; the inputs and the rows that are left over likewise in shorter pieces. On AVR they lie as the model has
// them. bias: less x_zero · Σ weights.
#pragma once

#include "micro/kernels/simd.h"
#include "ops/fully_connected/kernel.h"

// sum + x · (one row of n weights).
static inline int32_t thimble_one_row(const int8_t* x, const int8_t* w, thimble_dim n, int32_t sum) {
#if defined(THIMBLE_AVR)
  return thimble_dot(x, w, n, sum);
#else
  for (; n > 0; --n) sum = thimble_mac(*x++, thimble_read_s8(w++), sum);
  return sum;
#endif
}

#if !defined(THIMBLE_AVR)
#if !defined(THIMBLE_MVE) && !defined(THIMBLE_FEW_REGISTERS)
// Adds the product of one input, or of four, with four rows, which lie `row` weights from each other.
THIMBLE_WITHIN void thimble_one_input(const int8_t* x, const int8_t* w, thimble_dim row, int32_t s[4]) {
  const int32_t v = *x;
  s[0] = thimble_mac(v, thimble_read_s8(w), s[0]);
  s[1] = thimble_mac(v, thimble_read_s8(w + row), s[1]);
  s[2] = thimble_mac(v, thimble_read_s8(w + 2 * row), s[2]);
  s[3] = thimble_mac(v, thimble_read_s8(w + 3 * row), s[3]);
}

THIMBLE_WITHIN void thimble_four_inputs(const int8_t* x, const int8_t* w, thimble_dim row, int32_t s[4]) {
#if defined(THIMBLE_DSP)
  const uint32_t v = thimble_load4(x), even = thimble_even(v), odd = thimble_odd(v);
  uint32_t a = thimble_load4(w);
  s[0] = thimble_mac2(odd, thimble_odd(a), thimble_mac2(even, thimble_even(a), s[0]));
  a = thimble_load4(w + row);
  s[1] = thimble_mac2(odd, thimble_odd(a), thimble_mac2(even, thimble_even(a), s[1]));
  a = thimble_load4(w + 2 * row);
  s[2] = thimble_mac2(odd, thimble_odd(a), thimble_mac2(even, thimble_even(a), s[2]));
  a = thimble_load4(w + 3 * row);
  s[3] = thimble_mac2(odd, thimble_odd(a), thimble_mac2(even, thimble_even(a), s[3]));
#else
  thimble_one_input(x, w, row, s);
  THIMBLE_IN_ORDER;
  thimble_one_input(x + 1, w + 1, row, s);
  THIMBLE_IN_ORDER;
  thimble_one_input(x + 2, w + 2, row, s);
  THIMBLE_IN_ORDER;
  thimble_one_input(x + 3, w + 3, row, s);
#endif
  THIMBLE_IN_ORDER;
}
#endif

// Adds x · (four rows of n weights) to sums; returns what lies behind them.
THIMBLE_APART const int8_t* thimble_four_rows(const int8_t* x, const int8_t* w, thimble_dim n, int32_t sums[4]) {
#if defined(THIMBLE_FEW_REGISTERS)
  thimble_dim row;
  for (; n > 0; n -= 16, x += 16) {
    const thimble_dim columns = n < 16 ? n : 16;
    for (row = 0; row < 4; ++row) {
      sums[row] = thimble_one_row(x, w, columns, sums[row]);
      w += columns;
    }
  }
#else
  int32_t s[4];
  memcpy(s, sums, sizeof s);
#if defined(THIMBLE_MVE)
  for (; n >= 16; n -= 16, x += 16, w += 64) {
    const int8x16_t v = vldrbq_s8(x);
    s[0] = vmladavaq_s8(s[0], v, vldrbq_s8(w));
    s[1] = vmladavaq_s8(s[1], v, vldrbq_s8(w + 16));
    s[2] = vmladavaq_s8(s[2], v, vldrbq_s8(w + 32));
    s[3] = vmladavaq_s8(s[3], v, vldrbq_s8(w + 48));
  }
  if (n > 0) {
    const mve_pred16_t rest = vctp8q((uint32_t)n);
    const int8x16_t v = vldrbq_z_s8(x, rest);
    s[0] = vmladavaq_s8(s[0], v, vldrbq_z_s8(w, rest));
    s[1] = vmladavaq_s8(s[1], v, vldrbq_z_s8(w + n, rest));
    s[2] = vmladavaq_s8(s[2], v, vldrbq_z_s8(w + 2 * n, rest));
    s[3] = vmladavaq_s8(s[3], v, vldrbq_z_s8(w + 3 * n, rest));
    w += 4 * n;
  }
#else
  for (; n >= 16; n -= 16, x += 16, w += 64) {
    thimble_four_inputs(x, w, 16, s);
    thimble_four_inputs(x + 4, w + 4, 16, s);
    thimble_four_inputs(x + 8, w + 8, 16, s);
    thimble_four_inputs(x + 12, w + 12, 16, s);
  }
  if (n > 0) {
    const int8_t *const end = w + n, *const behind = w + 4 * n;
    for (; w != end; ++x, ++w) thimble_one_input(x, w, n, s);
    w = behind;
  }
#endif
  memcpy(sums, s, sizeof s);
#endif
  return w;
}
#endif

THIMBLE_APART int32_t thimble_exactly_scaled(const thimble_dense_scales* scales, int32_t sum, thimble_dim o) {
  return thimble_dense_scaled(scales, sum, o);
}

// thimble_dense_scaled where its upper word decides, which is nearly always; else that.
static inline int32_t thimble_scaled_sum(const thimble_dense_scales* scales, int32_t sum, thimble_dim o,
                                         const uint32_t* high, const int8_t* shift) {
  const uint32_t size = sum < 0 ? 0u - (uint32_t)sum : (uint32_t)sum;
  const int right = thimble_read_s8(shift) - 32;
  const uint64_t product = (uint64_t)size * thimble_read_u32(high);
  const uint32_t lower = (uint32_t)product;
  if (right > 0 && size < (uint32_t)1 << 30 && lower >= size && lower <= UINT32_MAX - 2 * size) {
    const int32_t value = (int32_t)(((uint32_t)(product >> 32) + ((uint32_t)1 << (right - 1))) >> right);
    return sum < 0 ? -value : value;
  }
  return thimble_exactly_scaled(scales, sum, o);
}

static inline void thimble_fully_connected_fast_s8(const thimble_fully_connected* p, const int8_t* x, const int8_t* w,
                                                   const int32_t* bias, int8_t* y) {
  const thimble_dense_scales* const scales = &p->scales;
  const thimble_dim n = p->inputs, outputs = p->outputs, next = scales->count == 1 ? 0 : 1;
  const int32_t zero = p->y_zero, lo = p->lo, hi = p->hi;
  thimble_dim b, o, i;
  for (b = 0; b < p->batch; ++b, x += n) {
    const int8_t* at = w;
    const uint32_t* highs = scales->high;
    const int8_t* shifts = scales->shift;
    for (o = 0; o < outputs;) {
#if defined(THIMBLE_AVR)
      const thimble_dim rows = 1;
#else
      const thimble_dim rows = outputs - o >= 4 ? 4 : 1;
#endif
      int32_t sums[4];
      for (i = 0; i < rows; ++i) sums[i] = thimble_read_s32(bias + o + i);
#if !defined(THIMBLE_AVR)
      if (rows == 4)
        at = thimble_four_rows(x, at, n, sums);
      else
#endif
        sums[0] = thimble_one_row(x, at, n, sums[0]), at += n;
      for (i = 0; i < rows; ++i, ++o, highs += next, shifts += next)
        *y++ = (int8_t)thimble_clamp(zero + thimble_scaled_sum(scales, sums[i], o, highs, shifts), lo, hi);
    }
  }
}
