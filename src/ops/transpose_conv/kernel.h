// transpose_conv as C99: the scalar loops behind transpose_conv.h, which says what they compute.
#pragma once

#include "base/c99.h"

typedef struct thimble_transpose_conv {
  thimble_dim batch, channels, outputs;
  thimble_axis h, w;     // of the convolution that goes the other way: in is y's size, out is x's
  int32_t x_zero;        // of int8 x
  thimble_requantize y;  // int8
  thimble_range range;   // float32
} thimble_transpose_conv;

// The position of x that reaches an output position under a kernel's tap, or −1.
THIMBLE_INLINE thimble_dim thimble_transposed_input(const thimble_axis* axis, thimble_dim out, thimble_dim tap) {
  const thimble_dim at = out + axis->pad - tap;
  return at >= 0 && at % axis->stride == 0 && at / axis->stride < axis->out ? at / axis->stride : -1;
}

// Σ (x − zero_x) · (w − zero_w) of one output, modulo 2^32; `flip` as in conv2d.
THIMBLE_INLINE uint32_t thimble_transpose_conv_sum(const thimble_transpose_conv* p, const int8_t* x, const int8_t* w,
                                                   thimble_dim oh, thimble_dim ow, thimble_dim o, int32_t zero_x,
                                                   int32_t zero_w, int flip) {
  uint32_t sum = 0;
  for (thimble_dim kh = 0; kh < p->h.kernel; ++kh) {
    const thimble_dim ih = thimble_transposed_input(&p->h, oh, kh);
    if (ih < 0) continue;
    for (thimble_dim kw = 0; kw < p->w.kernel; ++kw) {
      const thimble_dim iw = thimble_transposed_input(&p->w, ow, kw);
      if (iw < 0) continue;
      const int8_t* const pixel = x + (ih * p->w.out + iw) * p->channels;
      const int8_t* const taps = w + ((o * p->h.kernel + kh) * p->w.kernel + kw) * p->channels;
      for (thimble_dim c = 0; c < p->channels; ++c) {
        const int32_t a = (int32_t)(int8_t)(pixel[c] ^ flip) - zero_x;
        const int32_t b = (int32_t)(int8_t)(thimble_read_s8(taps + c) ^ flip) - zero_w;
        sum += (uint32_t)(a * b);
      }
    }
  }
  return sum;
}

// bias: null, or one per output.
THIMBLE_INLINE void thimble_transpose_conv_s8(const thimble_transpose_conv* p, const int8_t* x, const int8_t* w,
                                              const int32_t* bias, int8_t* y) {
  for (thimble_dim b = 0; b < p->batch; ++b) {
    for (thimble_dim oh = 0; oh < p->h.in; ++oh)
      for (thimble_dim ow = 0; ow < p->w.in; ++ow)
        for (thimble_dim o = 0; o < p->outputs; ++o) {
          const uint32_t start = bias ? (uint32_t)thimble_read_s32(bias + o) : 0;
          const uint32_t sum = thimble_transpose_conv_sum(p, x, w, oh, ow, o, p->x_zero, 0, 0);
          *y++ = (int8_t)thimble_requantized(&p->y, (int32_t)(start + sum), o);
        }
    x += p->h.out * p->w.out * p->channels;
  }
}

THIMBLE_INLINE float thimble_transpose_conv_sum_f32(const thimble_transpose_conv* p, const float* x, const float* w,
                                                    thimble_dim oh, thimble_dim ow, thimble_dim o) {
  float sum = 0;
  for (thimble_dim kh = 0; kh < p->h.kernel; ++kh) {
    const thimble_dim ih = thimble_transposed_input(&p->h, oh, kh);
    if (ih < 0) continue;
    for (thimble_dim kw = 0; kw < p->w.kernel; ++kw) {
      const thimble_dim iw = thimble_transposed_input(&p->w, ow, kw);
      if (iw < 0) continue;
      const float* const pixel = x + (ih * p->w.out + iw) * p->channels;
      const float* const taps = w + ((o * p->h.kernel + kh) * p->w.kernel + kw) * p->channels;
      for (thimble_dim c = 0; c < p->channels; ++c) sum += pixel[c] * thimble_read_f32(taps + c);
    }
  }
  return sum;
}

THIMBLE_INLINE void thimble_transpose_conv_f32(const thimble_transpose_conv* p, const float* x, const float* w,
                                               const float* bias, float* y) {
  for (thimble_dim b = 0; b < p->batch; ++b) {
    for (thimble_dim oh = 0; oh < p->h.in; ++oh)
      for (thimble_dim ow = 0; ow < p->w.in; ++ow)
        for (thimble_dim o = 0; o < p->outputs; ++o) {
          float sum = thimble_transpose_conv_sum_f32(p, x, w, oh, ow, o);
          if (bias) sum += thimble_read_f32(bias + o);
          *y++ = thimble_clamp_f32(sum, &p->range);
        }
    x += p->h.out * p->w.out * p->channels;
  }
}
