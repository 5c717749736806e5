// conv2d as C99: the scalar loops behind conv2d.h, which says what they compute.
#pragma once

#include "base/c99.h"

typedef struct thimble_conv2d {
  thimble_dim batch, channels, outputs, group_channels, group_outputs;
  thimble_axis h, w;
  int32_t x_zero;        // of int8 x
  thimble_requantize y;  // int8
  thimble_range range;   // float32
} thimble_conv2d;

// Σ (x − zero_x) · (w − zero_w) under the window of output o at (oh, ow) of one image, modulo 2^32. Bytes are read
// through ^ flip: 0, or 0x80 to read uint8 as int8 less 128.
THIMBLE_INLINE uint32_t thimble_conv2d_sum(const thimble_conv2d* p, const int8_t* x, const int8_t* w, thimble_dim oh,
                                           thimble_dim ow, thimble_dim o, int32_t zero_x, int32_t zero_w, int flip) {
  const thimble_dim first = o / p->group_outputs * p->group_channels;
  uint32_t sum = 0;
  for (thimble_dim kh = 0; kh < p->h.kernel; ++kh) {
    const thimble_dim ih = thimble_input_of(&p->h, oh, kh);
    if (ih < 0 || ih >= p->h.in) continue;
    for (thimble_dim kw = 0; kw < p->w.kernel; ++kw) {
      const thimble_dim iw = thimble_input_of(&p->w, ow, kw);
      if (iw < 0 || iw >= p->w.in) continue;
      const int8_t* const pixel = x + (ih * p->w.in + iw) * p->channels + first;
      const int8_t* const taps = w + ((o * p->h.kernel + kh) * p->w.kernel + kw) * p->group_channels;
      for (thimble_dim c = 0; c < p->group_channels; ++c) {
        const int32_t a = (int32_t)(int8_t)(pixel[c] ^ flip) - zero_x;
        const int32_t b = (int32_t)(int8_t)(thimble_read_s8(taps + c) ^ flip) - zero_w;
        sum += (uint32_t)(a * b);
      }
    }
  }
  return sum;
}

// bias: null, or one per output.
THIMBLE_INLINE void thimble_conv2d_s8(const thimble_conv2d* p, const int8_t* x, const int8_t* w, const int32_t* bias,
                                      int8_t* y) {
  for (thimble_dim b = 0; b < p->batch; ++b) {
    for (thimble_dim oh = 0; oh < p->h.out; ++oh)
      for (thimble_dim ow = 0; ow < p->w.out; ++ow)
        for (thimble_dim o = 0; o < p->outputs; ++o) {
          const uint32_t start = bias ? (uint32_t)thimble_read_s32(bias + o) : 0;
          const uint32_t sum = thimble_conv2d_sum(p, x, w, oh, ow, o, p->x_zero, 0, 0);
          *y++ = (int8_t)thimble_requantized(&p->y, (int32_t)(start + sum), o);
        }
    x += p->h.in * p->w.in * p->channels;
  }
}

// uint8: weights have a zero point too, one for all outputs (zeros: 1) or one for each.
static inline void thimble_conv2d_u8(const thimble_conv2d* p, const uint8_t* x, const uint8_t* w, const int32_t* w_zero,
                                     thimble_dim zeros, const int32_t* bias, uint8_t* y) {
  for (thimble_dim b = 0; b < p->batch; ++b) {
    for (thimble_dim oh = 0; oh < p->h.out; ++oh)
      for (thimble_dim ow = 0; ow < p->w.out; ++ow)
        for (thimble_dim o = 0; o < p->outputs; ++o) {
          const uint32_t start = bias ? (uint32_t)thimble_read_s32(bias + o) : 0;
          const int32_t zero = thimble_read_s32(w_zero + (zeros == 1 ? 0 : o)) - 128;
          const uint32_t sum =
              thimble_conv2d_sum(p, (const int8_t*)x, (const int8_t*)w, oh, ow, o, p->x_zero - 128, zero, 0x80);
          *y++ = (uint8_t)thimble_requantized(&p->y, (int32_t)(start + sum), o);
        }
    x += p->h.in * p->w.in * p->channels;
  }
}

THIMBLE_INLINE float thimble_conv2d_sum_f32(const thimble_conv2d* p, const float* x, const float* w, thimble_dim oh,
                                            thimble_dim ow, thimble_dim o) {
  const thimble_dim first = o / p->group_outputs * p->group_channels;
  float sum = 0;
  for (thimble_dim kh = 0; kh < p->h.kernel; ++kh) {
    const thimble_dim ih = thimble_input_of(&p->h, oh, kh);
    if (ih < 0 || ih >= p->h.in) continue;
    for (thimble_dim kw = 0; kw < p->w.kernel; ++kw) {
      const thimble_dim iw = thimble_input_of(&p->w, ow, kw);
      if (iw < 0 || iw >= p->w.in) continue;
      const float* const pixel = x + (ih * p->w.in + iw) * p->channels + first;
      const float* const taps = w + ((o * p->h.kernel + kh) * p->w.kernel + kw) * p->group_channels;
      for (thimble_dim c = 0; c < p->group_channels; ++c) sum += pixel[c] * thimble_read_f32(taps + c);
    }
  }
  return sum;
}

THIMBLE_INLINE void thimble_conv2d_f32(const thimble_conv2d* p, const float* x, const float* w, const float* bias,
                                       float* y) {
  for (thimble_dim b = 0; b < p->batch; ++b) {
    for (thimble_dim oh = 0; oh < p->h.out; ++oh)
      for (thimble_dim ow = 0; ow < p->w.out; ++ow)
        for (thimble_dim o = 0; o < p->outputs; ++o) {
          float sum = thimble_conv2d_sum_f32(p, x, w, oh, ow, o);
          if (bias) sum += thimble_read_f32(bias + o);
          *y++ = thimble_clamp_f32(sum, &p->range);
        }
    x += p->h.in * p->w.in * p->channels;
  }
}
