// pool2d as C99: the scalar loops behind pool2d.h, which says what they compute.
#pragma once

#include <float.h>
#include <math.h>

#include "base/c99.h"

typedef struct thimble_pool2d {
  thimble_dim batch, channels;
  thimble_axis h, w;    // dilation 1
  int32_t lo, hi;       // 8 bits
  thimble_range range;  // float32
} thimble_pool2d;

// What of a window lies inside the image: rows [h0, h1) and columns [w0, w1), never nothing.
typedef struct thimble_cells {
  thimble_dim h0, h1, w0, w1;
} thimble_cells;

THIMBLE_INLINE thimble_cells thimble_cells_of(const thimble_pool2d* p, thimble_dim oh, thimble_dim ow) {
  thimble_cells c = {thimble_input_of(&p->h, oh, 0), 0, thimble_input_of(&p->w, ow, 0), 0};
  c.h1 = c.h0 + p->h.kernel;
  c.w1 = c.w0 + p->w.kernel;
  if (c.h0 < 0) c.h0 = 0;
  if (c.h1 > p->h.in) c.h1 = p->h.in;
  if (c.w0 < 0) c.w0 = 0;
  if (c.w1 > p->w.in) c.w1 = p->w.in;
  return c;
}

// Of one channel, whose first element x is.
THIMBLE_INLINE int32_t thimble_pool2d_max(const thimble_pool2d* p, const int8_t* x, const thimble_cells* c, int flip) {
  int32_t best = (int32_t)flip - 128;
  for (thimble_dim ih = c->h0; ih < c->h1; ++ih)
    for (thimble_dim iw = c->w0; iw < c->w1; ++iw) {
      const int32_t v = thimble_byte(x[(ih * p->w.in + iw) * p->channels], flip);
      if (v > best) best = v;
    }
  return best;
}

// The mean, half away from zero. infer sees to it that the sum fits.
THIMBLE_INLINE int32_t thimble_pool2d_mean(const thimble_pool2d* p, const int8_t* x, const thimble_cells* c, int flip) {
  const int32_t count = (int32_t)(c->h1 - c->h0) * (int32_t)(c->w1 - c->w0);
  int32_t sum = 0;
  for (thimble_dim ih = c->h0; ih < c->h1; ++ih)
    for (thimble_dim iw = c->w0; iw < c->w1; ++iw) sum += thimble_byte(x[(ih * p->w.in + iw) * p->channels], flip);
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

THIMBLE_INLINE float thimble_pool2d_max_f32(const thimble_pool2d* p, const float* x, const thimble_cells* c) {
  float best = -FLT_MAX;
  for (thimble_dim ih = c->h0; ih < c->h1; ++ih)
    for (thimble_dim iw = c->w0; iw < c->w1; ++iw) {
      const float v = x[(ih * p->w.in + iw) * p->channels];
      if (v > best) best = v;
    }
  return best;
}

THIMBLE_INLINE float thimble_pool2d_mean_f32(const thimble_pool2d* p, const float* x, const thimble_cells* c) {
  float sum = 0;
  for (thimble_dim ih = c->h0; ih < c->h1; ++ih)
    for (thimble_dim iw = c->w0; iw < c->w1; ++iw) sum += x[(ih * p->w.in + iw) * p->channels];
  return sum / (float)((c->h1 - c->h0) * (c->w1 - c->w0));
}

// The root of the mean square.
static inline float thimble_pool2d_l2_f32(const thimble_pool2d* p, const float* x, const thimble_cells* c) {
  float sum = 0;
  for (thimble_dim ih = c->h0; ih < c->h1; ++ih)
    for (thimble_dim iw = c->w0; iw < c->w1; ++iw) {
      const float v = x[(ih * p->w.in + iw) * p->channels];
      sum += v * v;
    }
  return sqrtf(sum / (float)((c->h1 - c->h0) * (c->w1 - c->w0)));
}

// All outputs: the maximum, or with `mean` the average. Bytes are read as thimble_byte does.
THIMBLE_INLINE void thimble_pool2d_bytes(const thimble_pool2d* p, const int8_t* x, int8_t* y, int mean, int flip) {
  for (thimble_dim b = 0; b < p->batch; ++b) {
    for (thimble_dim oh = 0; oh < p->h.out; ++oh)
      for (thimble_dim ow = 0; ow < p->w.out; ++ow) {
        const thimble_cells cells = thimble_cells_of(p, oh, ow);
        for (thimble_dim c = 0; c < p->channels; ++c) {
          const int32_t v =
              mean ? thimble_pool2d_mean(p, x + c, &cells, flip) : thimble_pool2d_max(p, x + c, &cells, flip);
          *y++ = (int8_t)thimble_clamp(v, p->lo, p->hi);
        }
      }
    x += p->h.in * p->w.in * p->channels;
  }
}

THIMBLE_INLINE void thimble_pool2d_floats(const thimble_pool2d* p, const float* x, float* y, int mean) {
  for (thimble_dim b = 0; b < p->batch; ++b) {
    for (thimble_dim oh = 0; oh < p->h.out; ++oh)
      for (thimble_dim ow = 0; ow < p->w.out; ++ow) {
        const thimble_cells cells = thimble_cells_of(p, oh, ow);
        for (thimble_dim c = 0; c < p->channels; ++c) {
          const float v = mean ? thimble_pool2d_mean_f32(p, x + c, &cells) : thimble_pool2d_max_f32(p, x + c, &cells);
          *y++ = thimble_clamp_f32(v, &p->range);
        }
      }
    x += p->h.in * p->w.in * p->channels;
  }
}

THIMBLE_INLINE void thimble_max_pool_s8(const thimble_pool2d* p, const int8_t* x, int8_t* y) {
  thimble_pool2d_bytes(p, x, y, 0, 0);
}
THIMBLE_INLINE void thimble_average_pool_s8(const thimble_pool2d* p, const int8_t* x, int8_t* y) {
  thimble_pool2d_bytes(p, x, y, 1, 0);
}
THIMBLE_INLINE void thimble_max_pool_f32(const thimble_pool2d* p, const float* x, float* y) {
  thimble_pool2d_floats(p, x, y, 0);
}
static inline void thimble_l2_pool_f32(const thimble_pool2d* p, const float* x, float* y) {
  for (thimble_dim b = 0; b < p->batch; ++b) {
    for (thimble_dim oh = 0; oh < p->h.out; ++oh)
      for (thimble_dim ow = 0; ow < p->w.out; ++ow) {
        const thimble_cells cells = thimble_cells_of(p, oh, ow);
        for (thimble_dim c = 0; c < p->channels; ++c)
          *y++ = thimble_clamp_f32(thimble_pool2d_l2_f32(p, x + c, &cells), &p->range);
      }
    x += p->h.in * p->w.in * p->channels;
  }
}
THIMBLE_INLINE void thimble_average_pool_f32(const thimble_pool2d* p, const float* x, float* y) {
  thimble_pool2d_floats(p, x, y, 1);
}
