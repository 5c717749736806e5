// depthwise_conv2d of int8 with one output per channel, several channels at a time. The same bytes as
// thimble_depthwise_conv2d_s8 for layers that the emitter calls plain.
#pragma once

#include "micro/kernels/simd.h"
#include "ops/depthwise_conv2d/kernel.h"

// What of a window lies inside the image, and the bytes from one of its columns or rows to the next.
typedef struct thimble_patch {
  thimble_dim rows, columns, column, x_row, w_row;  // x_row, w_row: from behind the last column
  thimble_dim channels;                             // from one tap to the next
} thimble_patch;

#if defined(THIMBLE_MVE)
enum { THIMBLE_TOGETHER = 8 };

// Of eight channels, which the pointers' first are.
static inline void thimble_channels(const thimble_depthwise_conv2d* p, const thimble_patch* patch, const int8_t* x,
                                    const int8_t* w, const int32_t* bias, thimble_dim c, int8_t* y) {
  const uint32x4_t evens = vmulq_n_u32(vidupq_n_u32(0, 1), 2), odds = vaddq_n_u32(evens, 1);
  const int16_t zero = (int16_t)p->x_zero;
  int32x4_t even = vldrwq_gather_shifted_offset_s32(bias + c, evens);
  int32x4_t odd = vldrwq_gather_shifted_offset_s32(bias + c, odds);
  int16x8_t v = vdupq_n_s16(0);
  thimble_dim row, column;
  for (row = 0; row < patch->rows; ++row, x += patch->x_row, w += patch->w_row)
    for (column = 0; column < patch->columns; ++column, x += patch->column, w += patch->channels) {
      const int16x8_t pixel = vsubq_n_s16(vldrbq_s16(x), zero), tap = vldrbq_s16(w);
      even = vaddq_s32(even, vmullbq_int_s16(pixel, tap));
      odd = vaddq_s32(odd, vmulltq_int_s16(pixel, tap));
    }
  even = thimble_scaled_lanes(even, vldrwq_gather_shifted_offset_s32(p->y.multiplier + c, evens),
                              vldrbq_gather_offset_s32(p->y.shift + c, evens));
  odd = thimble_scaled_lanes(odd, vldrwq_gather_shifted_offset_s32(p->y.multiplier + c, odds),
                             vldrbq_gather_offset_s32(p->y.shift + c, odds));
  v = vqaddq_n_s16(vqmovntq_s32(vqmovnbq_s32(v, even), odd), (int16_t)p->y.zero);
  v = vminq_s16(vmaxq_s16(v, vdupq_n_s16((int16_t)p->y.lo)), vdupq_n_s16((int16_t)p->y.hi));
  vstrbq_s16(y, v);
}
#elif !defined(THIMBLE_FEW_REGISTERS)
enum { THIMBLE_TOGETHER = 4 };

// Adds the products of a tap of four channels.
static inline void thimble_tap(const int8_t* x, const int8_t* w, int32_t zero, int32_t s[4]) {
#if defined(THIMBLE_DSP)
  const uint32_t less = thimble_low_halves((uint32_t)-zero, (uint32_t)-zero);
  const uint32_t four = thimble_load4(x), taps = thimble_load4(w);
  const uint32_t even = thimble_even_bytes(less, four), odd = thimble_odd_bytes(less, four);
  const uint32_t even_taps = thimble_even(taps), odd_taps = thimble_odd(taps);
  s[0] = thimble_mac_low(even, even_taps, s[0]);
  s[1] = thimble_mac_low(odd, odd_taps, s[1]);
  s[2] = thimble_mac_high(even, even_taps, s[2]);
  s[3] = thimble_mac_high(odd, odd_taps, s[3]);
#else
  s[0] = thimble_mac(x[0] - zero, thimble_read_s8(w), s[0]);
  s[1] = thimble_mac(x[1] - zero, thimble_read_s8(w + 1), s[1]);
  s[2] = thimble_mac(x[2] - zero, thimble_read_s8(w + 2), s[2]);
  s[3] = thimble_mac(x[3] - zero, thimble_read_s8(w + 3), s[3]);
#endif
}

// Of four channels, which the pointers' first are.
static inline void thimble_channels(const thimble_depthwise_conv2d* p, const thimble_patch* patch, const int8_t* x,
                                    const int8_t* w, const int32_t* bias, thimble_dim c, int8_t* y) {
  const int32_t zero = p->x_zero, odd = 2 * p->y.zero + 1;
  const thimble_dim step = patch->column, next = patch->channels;
  int32_t s[4];
  thimble_dim row, column;
  memcpy(s, bias + c, sizeof s);
  for (row = patch->rows; row > 0; --row, x += patch->x_row, w += patch->w_row) {
    column = patch->columns;
    if (column == 3) {
      thimble_tap(x, w, zero, s);
      thimble_tap(x + step, w + next, zero, s);
      thimble_tap(x + 2 * step, w + 2 * next, zero, s);
      x += 3 * step;
      w += 3 * next;
    } else {
      for (; column > 0; --column, x += step, w += next) thimble_tap(x, w, zero, s);
    }
  }
  y[0] = thimble_scaled_byte(s[0], p->y.multiplier[c], p->y.shift[c], odd);
  y[1] = thimble_scaled_byte(s[1], p->y.multiplier[c + 1], p->y.shift[c + 1], odd);
  y[2] = thimble_scaled_byte(s[2], p->y.multiplier[c + 2], p->y.shift[c + 2], odd);
  y[3] = thimble_scaled_byte(s[3], p->y.multiplier[c + 3], p->y.shift[c + 3], odd);
}
#else
enum { THIMBLE_TOGETHER = 0 };
#endif

// Of one channel, which the pointers' first is.
static inline int8_t thimble_channel(const thimble_depthwise_conv2d* p, const thimble_patch* patch, const int8_t* x,
                                     const int8_t* w, const int32_t* bias, thimble_dim c) {
  int32_t sum = thimble_read_s32(bias + c);
  thimble_dim row, column;
  for (row = 0; row < patch->rows; ++row, x += patch->x_row, w += patch->w_row)
    for (column = 0; column < patch->columns; ++column, x += patch->column, w += patch->channels)
      sum = thimble_mac(*x - p->x_zero, thimble_read_s8(w), sum);
  return thimble_scaled_byte(sum, thimble_read_s32(p->y.multiplier + c), thimble_read_s8(p->y.shift + c),
                             2 * p->y.zero + 1);
}

static inline void thimble_depthwise_conv2d_fast_s8(const thimble_depthwise_conv2d* p, const int8_t* x, const int8_t* w,
                                                    const int32_t* bias, int8_t* y) {
  const thimble_dim channels = p->channels, row = p->w.in * channels;
  int8_t* const first = y;
  thimble_patch patch = {0, 0, p->w.dilation * channels, 0, 0, channels};
  thimble_dim image, oh, ow, c, h0, h1, w0, w1;
  for (image = 0; image < p->batch; ++image, x += p->h.in * row)
    for (oh = 0; oh < p->h.out; ++oh) {
      thimble_taps_inside(&p->h, oh, &h0, &h1);
      patch.rows = h1 - h0;
      for (ow = 0; ow < p->w.out; ++ow, y += channels) {
        const int8_t *corner = x, *taps = w;
        thimble_taps_inside(&p->w, ow, &w0, &w1);
        patch.columns = w1 - w0;
        patch.x_row = p->h.dilation * row - patch.columns * patch.column;
        patch.w_row = (p->w.kernel - patch.columns) * channels;
        if (patch.rows > 0 && patch.columns > 0) {
          corner += thimble_input_of(&p->h, oh, h0) * row + thimble_input_of(&p->w, ow, w0) * channels;
          taps += (h0 * p->w.kernel + w0) * channels;
        }
        c = 0;
#if !defined(THIMBLE_FEW_REGISTERS)
        if (channels >= THIMBLE_TOGETHER)
          for (; c < channels; c += THIMBLE_TOGETHER) {
            if (c + THIMBLE_TOGETHER > channels) c = channels - THIMBLE_TOGETHER;  // some of them once more
            thimble_channels(p, &patch, corner + c, taps + c, bias, c, y + c);
          }
#endif
        for (; c < channels; ++c) y[c] = thimble_channel(p, &patch, corner + c, taps + c, bias, c);
      }
    }
  thimble_limit(p->y.lo, p->y.hi, first, y - first);
}
