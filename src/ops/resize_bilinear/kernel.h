// resize_bilinear as C99.
#pragma once

#include "base/c99.h"

// Along one axis, for every position of the output: the entries of x below and above, and how far it is from the first,
// in float32 or in 1/1024.
typedef struct thimble_resize_axis {
  thimble_dim in, out;
  const thimble_dim* below;
  const thimble_dim* above;
  const float* part;
  const int32_t* part10;
} thimble_resize_axis;

typedef struct thimble_resize {
  thimble_dim batch, channels;
  thimble_resize_axis h, w;
} thimble_resize;

// Row `row` of the batch · h rows of y.
static inline void thimble_resize_row_f32(const thimble_resize* p, const float* x, float* y, thimble_dim row) {
  const thimble_dim line = p->w.in * p->channels, image = row / p->h.out, at = row % p->h.out;
  const float* top = x + (image * p->h.in + thimble_read_dim(p->h.below + at)) * line;
  const float* bottom = x + (image * p->h.in + thimble_read_dim(p->h.above + at)) * line;
  const float fy = thimble_read_f32(p->h.part + at);
  float* to = y + row * p->w.out * p->channels;
  for (thimble_dim i = 0; i < p->w.out; ++i, to += p->channels) {
    const thimble_dim left = thimble_read_dim(p->w.below + i) * p->channels;
    const thimble_dim right = thimble_read_dim(p->w.above + i) * p->channels;
    const float fx = thimble_read_f32(p->w.part + i);
    for (thimble_dim c = 0; c < p->channels; ++c)
      to[c] = top[left + c] * (1 - fy) * (1 - fx) + bottom[left + c] * fy * (1 - fx) + top[right + c] * (1 - fy) * fx +
              bottom[right + c] * fy * fx + 0.0f;
  }
}

static inline void thimble_resize_row_u8(const thimble_resize* p, const uint8_t* x, uint8_t* y, thimble_dim row) {
  const thimble_dim line = p->w.in * p->channels, image = row / p->h.out, at = row % p->h.out;
  const uint8_t* top = x + (image * p->h.in + thimble_read_dim(p->h.below + at)) * line;
  const uint8_t* bottom = x + (image * p->h.in + thimble_read_dim(p->h.above + at)) * line;
  const float fy = thimble_read_f32(p->h.part + at);
  uint8_t* to = y + row * p->w.out * p->channels;
  for (thimble_dim i = 0; i < p->w.out; ++i, to += p->channels) {
    const thimble_dim left = thimble_read_dim(p->w.below + i) * p->channels;
    const thimble_dim right = thimble_read_dim(p->w.above + i) * p->channels;
    const float fx = thimble_read_f32(p->w.part + i);
    for (thimble_dim c = 0; c < p->channels; ++c)
      to[c] = (uint8_t)(int32_t)((float)top[left + c] * (1 - fy) * (1 - fx) + (float)bottom[left + c] * fy * (1 - fx) +
                                 (float)top[right + c] * (1 - fy) * fx + (float)bottom[right + c] * fy * fx + 0.5f);
  }
}

// Weights are at most 1.5 · 1024 each way, so that sums of int8 fit into 32 bits.
static inline void thimble_resize_row_s8(const thimble_resize* p, const int8_t* x, int8_t* y, thimble_dim row) {
  const thimble_dim line = p->w.in * p->channels, image = row / p->h.out, at = row % p->h.out;
  const int8_t* top = x + (image * p->h.in + thimble_read_dim(p->h.below + at)) * line;
  const int8_t* bottom = x + (image * p->h.in + thimble_read_dim(p->h.above + at)) * line;
  const int32_t fy = thimble_read_s32(p->h.part10 + at);
  int8_t* to = y + row * p->w.out * p->channels;
  for (thimble_dim i = 0; i < p->w.out; ++i, to += p->channels) {
    const thimble_dim left = thimble_read_dim(p->w.below + i) * p->channels;
    const thimble_dim right = thimble_read_dim(p->w.above + i) * p->channels;
    const int32_t fx = thimble_read_s32(p->w.part10 + i);
    const int32_t w00 = (1024 - fy) * (1024 - fx), w10 = fy * (1024 - fx), w01 = (1024 - fy) * fx, w11 = fy * fx;
    for (thimble_dim c = 0; c < p->channels; ++c) {
      const int32_t sum = top[left + c] * w00 + bottom[left + c] * w10 + top[right + c] * w01 + bottom[right + c] * w11;
      to[c] = (int8_t)((sum + (sum > 0 ? (int32_t)1 << 19 : -((int32_t)1 << 19))) / ((int32_t)1 << 20));
    }
  }
}

static inline void thimble_resize_row_s16(const thimble_resize* p, const int16_t* x, int16_t* y, thimble_dim row) {
  const thimble_dim line = p->w.in * p->channels, image = row / p->h.out, at = row % p->h.out;
  const int16_t* top = x + (image * p->h.in + thimble_read_dim(p->h.below + at)) * line;
  const int16_t* bottom = x + (image * p->h.in + thimble_read_dim(p->h.above + at)) * line;
  const int64_t fy = thimble_read_s32(p->h.part10 + at);
  int16_t* to = y + row * p->w.out * p->channels;
  for (thimble_dim i = 0; i < p->w.out; ++i, to += p->channels) {
    const thimble_dim left = thimble_read_dim(p->w.below + i) * p->channels;
    const thimble_dim right = thimble_read_dim(p->w.above + i) * p->channels;
    const int64_t fx = thimble_read_s32(p->w.part10 + i);
    for (thimble_dim c = 0; c < p->channels; ++c) {
      const int64_t sum = top[left + c] * (1024 - fy) * (1024 - fx) + bottom[left + c] * fy * (1024 - fx) +
                          top[right + c] * (1024 - fy) * fx + bottom[right + c] * fy * fx;
      to[c] = (int16_t)((sum + (sum > 0 ? (int64_t)1 << 19 : -((int64_t)1 << 19))) / ((int64_t)1 << 20));
    }
  }
}

static inline void thimble_resize_bilinear_f32(const thimble_resize* p, const float* x, float* y) {
  for (thimble_dim row = 0; row < p->batch * p->h.out; ++row) thimble_resize_row_f32(p, x, y, row);
}
static inline void thimble_resize_bilinear_u8(const thimble_resize* p, const uint8_t* x, uint8_t* y) {
  for (thimble_dim row = 0; row < p->batch * p->h.out; ++row) thimble_resize_row_u8(p, x, y, row);
}
static inline void thimble_resize_bilinear_s8(const thimble_resize* p, const int8_t* x, int8_t* y) {
  for (thimble_dim row = 0; row < p->batch * p->h.out; ++row) thimble_resize_row_s8(p, x, y, row);
}
static inline void thimble_resize_bilinear_s16(const thimble_resize* p, const int16_t* x, int16_t* y) {
  for (thimble_dim row = 0; row < p->batch * p->h.out; ++row) thimble_resize_row_s16(p, x, y, row);
}
