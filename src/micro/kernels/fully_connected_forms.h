// fully_connected of int8 with weights in another form (weight_forms.h). The same bytes as thimble_fully_connected_s8.
//
// Pieces: four rows (outputs) at a time, of these 16 inputs at a time, row behind row; inputs and rows that are left
// over in shorter pieces and fewer of them. bias: less x_zero · Σ weights.
#pragma once

#include "micro/kernels/fully_connected_fast.h"
#include "micro/kernels/weight_forms.h"

static inline void thimble_fully_connected_form_s8(const thimble_fully_connected* p, const int8_t* x,
                                                   const thimble_form_s8* weights, const int32_t* bias, int8_t* y) {
  const thimble_dim n = p->inputs, outputs = p->outputs, next = p->scales.count == 1 ? 0 : 1;
  thimble_dim b, o, i, k;
  for (b = 0; b < p->batch; ++b, x += n, y += outputs) {
    thimble_form_s8 from = *weights;
    const uint32_t* high = p->scales.high;
    const int8_t* shift = p->scales.shift;
    for (o = 0; o < outputs; o += 4) {
      const thimble_dim rows = outputs - o < 4 ? outputs - o : 4;
      int32_t sums[4];
      for (k = 0; k < rows; ++k) sums[k] = thimble_read_s32(bias + o + k);
      for (i = 0; i < n; i += 16) {
        const thimble_dim columns = n - i < 16 ? n - i : 16;
        int8_t block[64] THIMBLE_WORDS;
        for (k = 0; k < rows; ++k) thimble_unpack_s8(&from, o + k, columns, 1, block + k * columns);
#if defined(THIMBLE_AVR)
        for (k = 0; k < rows; ++k) sums[k] = thimble_dot_in_memory(x + i, block + k * columns, columns, sums[k]);
#else
        if (rows == 4)
          (void)thimble_four_rows(x + i, block, columns, sums);
        else
          for (k = 0; k < rows; ++k) sums[k] = thimble_one_row(x + i, block + k * columns, columns, sums[k]);
#endif
      }
      for (k = 0; k < rows; ++k, high += next, shift += next)
        y[o + k] = (int8_t)thimble_clamp(p->y_zero + thimble_scaled_sum(&p->scales, sums[k], o + k, high, shift), p->lo,
                                         p->hi);
    }
  }
}

static inline void thimble_fully_connected_palette_s8(const thimble_fully_connected* p, const int8_t* x,
                                                      const thimble_form_s8* w, const int32_t* bias, int8_t* y) {
  thimble_fully_connected_form_s8(p, x, w, bias, y);
}

static inline void thimble_fully_connected_sparse_s8(const thimble_fully_connected* p, const int8_t* x,
                                                     const thimble_form_s8* w, const int32_t* bias, int8_t* y) {
  thimble_fully_connected_form_s8(p, x, w, bias, y);
}
