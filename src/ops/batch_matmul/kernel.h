// batch_matmul as C99: the scalar loops behind batch_matmul.h, which says what they compute.
#pragma once

#include "base/c99.h"

enum { THIMBLE_MATMUL_BATCH_RANK = 3 };

typedef struct thimble_batch_matmul {
  thimble_dim batch[THIMBLE_MATMUL_BATCH_RANK];                                        // of y
  thimble_dim x_batch[THIMBLE_MATMUL_BATCH_RANK], w_batch[THIMBLE_MATMUL_BATCH_RANK];  // strides; 0 repeats
  thimble_dim rows, columns, depth;
  thimble_dim x_row, x_depth, w_depth, w_column;  // strides inside a matrix
  int32_t x_zero, w_zero;                         // int8
  int32_t y_zero, lo, hi, multiplier;             // integers
  int8_t shift;
  const int32_t* multipliers;  // in place of `multiplier` and `shift`, one per column; null where w has one scale
  const int8_t* shifts;
} thimble_batch_matmul;

THIMBLE_INLINE int32_t thimble_matmul_multiplier(const thimble_batch_matmul* p, thimble_dim column) {
  return p->multipliers ? thimble_read_s32(p->multipliers + column) : p->multiplier;
}
THIMBLE_INLINE int8_t thimble_matmul_shift(const thimble_batch_matmul* p, thimble_dim column) {
  return p->shifts ? thimble_read_s8(p->shifts + column) : p->shift;
}

// Where batch b's matrices begin.
THIMBLE_INLINE void thimble_matmul_at(const thimble_batch_matmul* p, thimble_dim b, thimble_dim* x, thimble_dim* w) {
  *x = *w = 0;
  for (int d = THIMBLE_MATMUL_BATCH_RANK - 1; d >= 0; --d) {
    const thimble_dim index = b % p->batch[d];
    b /= p->batch[d];
    *x += index * p->x_batch[d];
    *w += index * p->w_batch[d];
  }
}

THIMBLE_INLINE thimble_dim thimble_matmul_batches(const thimble_batch_matmul* p) {
  return p->batch[0] * p->batch[1] * p->batch[2];
}

// Σ (x − zx)·(w − zw) of one element, modulo 2^32.
THIMBLE_INLINE uint32_t thimble_batch_matmul_sum(const thimble_batch_matmul* p, const int8_t* x, const int8_t* w) {
  uint32_t sum = 0;
  for (thimble_dim k = 0; k < p->depth; ++k)
    sum += (uint32_t)((x[k * p->x_depth] - p->x_zero) * (w[k * p->w_depth] - p->w_zero));
  return sum;
}

THIMBLE_INLINE void thimble_batch_matmul_s8(const thimble_batch_matmul* p, const int8_t* x, const int8_t* w,
                                            int8_t* y) {
  for (thimble_dim b = 0; b < thimble_matmul_batches(p); ++b) {
    thimble_dim x0 = 0, w0 = 0;
    thimble_matmul_at(p, b, &x0, &w0);
    for (thimble_dim i = 0; i < p->rows; ++i)
      for (thimble_dim j = 0; j < p->columns; ++j) {
        const uint32_t acc = thimble_batch_matmul_sum(p, x + x0 + i * p->x_row, w + w0 + j * p->w_column);
        const int32_t v = thimble_rescale((int32_t)acc, thimble_matmul_multiplier(p, j), thimble_matmul_shift(p, j));
        *y++ = (int8_t)thimble_clamp(thimble_add(v, p->y_zero), p->lo, p->hi);
      }
  }
}

THIMBLE_INLINE void thimble_batch_matmul_f32(const thimble_batch_matmul* p, const float* x, const float* w, float* y) {
  for (thimble_dim b = 0; b < thimble_matmul_batches(p); ++b) {
    thimble_dim x0 = 0, w0 = 0;
    thimble_matmul_at(p, b, &x0, &w0);
    for (thimble_dim i = 0; i < p->rows; ++i)
      for (thimble_dim j = 0; j < p->columns; ++j) {
        const float *a = x + x0 + i * p->x_row, *c = w + w0 + j * p->w_column;
        float sum = 0;
        for (thimble_dim k = 0; k < p->depth; ++k) sum += a[k * p->x_depth] * c[k * p->w_depth];
        *y++ = sum;
      }
  }
}
