// depthwise_conv2d of int8 with one output per channel, four channels at a time. The same bytes as
// thimble_depthwise_conv2d_s8 where every shift is −1 or less.
#pragma once

#include "micro/kernels/simd.h"
#include "ops/depthwise_conv2d/kernel.h"

static inline void thimble_depthwise_conv2d_fast_s8(const thimble_depthwise_conv2d* p, const int8_t* x, const int8_t* w,
                                                    const int32_t* bias, int8_t* y) {
  const thimble_dim channels = p->channels;
#if !defined(THIMBLE_MVE) && !defined(THIMBLE_FEW_REGISTERS)
  const thimble_dim fours = channels - channels % 4;
#endif
  const int32_t zero = p->x_zero;
  thimble_dim image, oh, ow, c;
  for (image = 0; image < p->batch; ++image, x += p->h.in * p->w.in * channels)
    for (oh = 0; oh < p->h.out; ++oh) {
      thimble_dim h0, h1;
      thimble_taps_inside(&p->h, oh, &h0, &h1);
      for (ow = 0; ow < p->w.out; ++ow, y += channels) {
        thimble_dim w0, w1, kh, kw;
        thimble_taps_inside(&p->w, ow, &w0, &w1);
        c = 0;
#if defined(THIMBLE_MVE)
        for (; c < channels; c += 4) {
          const mve_pred16_t rest = vctp32q((uint32_t)(channels - c));
          int32x4_t sum = bias ? vldrwq_z_s32(bias + c, rest) : vdupq_n_s32(0);
          for (kh = h0; kh < h1; ++kh) {
            const thimble_dim row = thimble_input_of(&p->h, oh, kh) * p->w.in;
            for (kw = w0; kw < w1; ++kw) {
              const int8_t* const pixel = x + (row + thimble_input_of(&p->w, ow, kw)) * channels + c;
              const int32x4_t v = vsubq_n_s32(vldrbq_z_s32(pixel, rest), zero);
              const int32x4_t taps = vldrbq_z_s32(w + (kh * p->w.kernel + kw) * channels + c, rest);
              sum = vaddq_s32(sum, vmulq_s32(v, taps));
            }
          }
          thimble_requantized_four(&p->y, sum, c, rest, y + c);
        }
#else
#if !defined(THIMBLE_FEW_REGISTERS)
        for (; c < fours; c += 4) {
          int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
          if (bias) {
            s0 = thimble_read_s32(bias + c);
            s1 = thimble_read_s32(bias + c + 1);
            s2 = thimble_read_s32(bias + c + 2);
            s3 = thimble_read_s32(bias + c + 3);
          }
          for (kh = h0; kh < h1; ++kh) {
            const int8_t* pixel =
                x + (thimble_input_of(&p->h, oh, kh) * p->w.in + thimble_input_of(&p->w, ow, w0)) * channels + c;
            const int8_t* tap = w + (kh * p->w.kernel + w0) * channels + c;
            for (kw = w0; kw < w1; ++kw) {
#if defined(THIMBLE_DSP)
              const uint32_t less = ((uint32_t)(uint16_t)(int16_t)-zero << 16) | (uint16_t)(int16_t)-zero;
              const uint32_t four = thimble_load4(pixel), taps = thimble_load4(tap);
              const uint32_t xe = thimble_even_bytes(less, four), xo = thimble_odd_bytes(less, four);
              const uint32_t we = thimble_even(taps), wo = thimble_odd(taps);
              s0 = thimble_mac_low(xe, we, s0);
              s1 = thimble_mac_low(xo, wo, s1);
              s2 = thimble_mac_high(xe, we, s2);
              s3 = thimble_mac_high(xo, wo, s3);
#else
              s0 = thimble_add(s0, (pixel[0] - zero) * thimble_read_s8(tap));
              s1 = thimble_add(s1, (pixel[1] - zero) * thimble_read_s8(tap + 1));
              s2 = thimble_add(s2, (pixel[2] - zero) * thimble_read_s8(tap + 2));
              s3 = thimble_add(s3, (pixel[3] - zero) * thimble_read_s8(tap + 3));
#endif
              pixel += p->w.dilation * channels;
              tap += channels;
            }
          }
          y[c] = thimble_requantized_right(&p->y, s0, c);
          y[c + 1] = thimble_requantized_right(&p->y, s1, c + 1);
          y[c + 2] = thimble_requantized_right(&p->y, s2, c + 2);
          y[c + 3] = thimble_requantized_right(&p->y, s3, c + 3);
        }
#endif
        for (; c < channels; ++c) {
          int32_t sum = bias ? thimble_read_s32(bias + c) : 0;
          for (kh = h0; kh < h1; ++kh) {
            const int8_t* pixel =
                x + (thimble_input_of(&p->h, oh, kh) * p->w.in + thimble_input_of(&p->w, ow, w0)) * channels + c;
            const int8_t* tap = w + (kh * p->w.kernel + w0) * channels + c;
            for (kw = w0; kw < w1; ++kw) {
              sum = thimble_add(sum, (pixel[0] - zero) * thimble_read_s8(tap));
              pixel += p->w.dilation * channels;
              tap += channels;
            }
          }
          y[c] = thimble_requantized_right(&p->y, sum, c);
        }
#endif
      }
    }
}
