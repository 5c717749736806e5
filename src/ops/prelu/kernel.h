// prelu as C99: the scalar loops behind prelu.h, which says what they compute.
#pragma once

#include "base/c99.h"
#include "ops/broadcast_kernel.h"

typedef struct thimble_prelu {
  thimble_broadcast broadcast;  // of x and alpha
  // 8 bits; of x, and of x · alpha below 0
  int32_t x_zero, alpha_zero, y_zero, lo, hi;
  int32_t above_multiplier, below_multiplier;
  int above_shift, below_shift;
} thimble_prelu;

THIMBLE_INLINE int32_t thimble_prelu_value(const thimble_prelu* p, int32_t x, int32_t alpha) {
  const int32_t v = x - p->x_zero;
  const int32_t q = v >= 0 ? thimble_rescale(v, p->above_multiplier, p->above_shift)
                           : thimble_rescale(v * (alpha - p->alpha_zero), p->below_multiplier, p->below_shift);
  return thimble_clamp(thimble_saturate((int64_t)q + p->y_zero), p->lo, p->hi);
}

// alpha is a constant. Bytes are read as thimble_byte does.
THIMBLE_INLINE void thimble_prelu_bytes(const thimble_prelu* p, const int8_t* x, const int8_t* alpha, int8_t* y,
                                        int flip) {
  const thimble_broadcast* const b = &p->broadcast;
  thimble_dim index[THIMBLE_MAX_RANK] = {0}, at_x = 0, at_alpha = 0;
  for (thimble_dim run = 0; run < b->outer; ++run) {
    for (thimble_dim i = 0; i < b->inner; ++i) {
      const int8_t slope = thimble_read_s8(alpha + at_alpha + i * b->b_step);
      *y++ = (int8_t)thimble_prelu_value(p, thimble_byte(x[at_x + i * b->a_step], flip), thimble_byte(slope, flip));
    }
    thimble_broadcast_next(b, index, &at_x, &at_alpha);
  }
}

THIMBLE_INLINE void thimble_prelu_s8(const thimble_prelu* p, const int8_t* x, const int8_t* alpha, int8_t* y) {
  thimble_prelu_bytes(p, x, alpha, y, 0);
}

THIMBLE_INLINE void thimble_prelu_f32(const thimble_prelu* p, const float* x, const float* alpha, float* y) {
  const thimble_broadcast* const b = &p->broadcast;
  thimble_dim index[THIMBLE_MAX_RANK] = {0}, at_x = 0, at_alpha = 0;
  for (thimble_dim run = 0; run < b->outer; ++run) {
    for (thimble_dim i = 0; i < b->inner; ++i) {
      const float v = x[at_x + i * b->a_step];
      *y++ = v >= 0 ? v : v * thimble_read_f32(alpha + at_alpha + i * b->b_step);
    }
    thimble_broadcast_next(b, index, &at_x, &at_alpha);
  }
}
