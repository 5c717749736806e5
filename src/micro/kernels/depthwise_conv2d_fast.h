// depthwise_conv2d of int8 with one output per channel, several channels at a time. The same bytes as
// thimble_depthwise_conv2d_s8 for layers that the emitter calls plain.
//
// The rows of the image that a row of outputs sees lie in a strip, with what is padding, and stay there until others
// take their place: so all windows are alike. bias: less x_zero · Σ weights.
#pragma once

#include "micro/kernels/depthwise_conv2d_dsp.h"
#include "micro/kernels/depthwise_conv2d_mve.h"
#include "micro/kernels/simd.h"
#include "ops/depthwise_conv2d/kernel.h"

// Channels that go together, as they lie in the strip and as weights (a tap of them behind the other), and their sums.
#if defined(THIMBLE_MVE)
enum { THIMBLE_TOGETHER = 8 };
typedef int8_t thimble_cell;
typedef int32x4_t thimble_sums[2];  // of the even channels, and of the odd ones
typedef struct thimble_channels {
  int32x4_t bias[2], multiplier[2], shift[2];
  int16x8_t lo, hi;
  mve_pred16_t some;
  int16_t zero;
} thimble_channels;

static inline void thimble_tap(const thimble_cell* x, const thimble_cell* w, thimble_sums s) {
  const int16x8_t pixel = vldrbq_s16(x), tap = vldrbq_s16(w);
  s[0] = vaddq_s32(s[0], vmullbq_int_s16(pixel, tap));
  s[1] = vaddq_s32(s[1], vmulltq_int_s16(pixel, tap));
}
#else
#if defined(THIMBLE_FEW_REGISTERS)
enum { THIMBLE_TOGETHER = 1 };
#else
enum { THIMBLE_TOGETHER = 4 };
#endif
typedef int16_t thimble_cell;
typedef int32_t thimble_sums[THIMBLE_TOGETHER];
typedef struct thimble_channels {
  thimble_sums bias, multiplier, scale;
  int32_t offset;
} thimble_channels;

static inline void thimble_tap(const thimble_cell* x, const thimble_cell* w, thimble_sums s) {
  s[0] = thimble_mac(x[0], w[0], s[0]);
#if !defined(THIMBLE_FEW_REGISTERS)
  s[1] = thimble_mac(x[1], w[1], s[1]);
  s[2] = thimble_mac(x[2], w[2], s[2]);
  s[3] = thimble_mac(x[3], w[3], s[3]);
#endif
}
#endif

// Where channel i of those that go together lies: as the DSP extension unpacks bytes.
static inline thimble_dim thimble_cell_of(thimble_dim i) {
#if defined(THIMBLE_DSP)
  return i >> 1 | (i & 1) << 1;
#else
  return i;
#endif
}

// `count` channels of n pixels or taps, `step` bytes from each other, as cells; channels that are missing are 0.
THIMBLE_APART thimble_cell* thimble_gather_cells(const int8_t* from, int constant, thimble_dim step, thimble_dim n,
                                                 thimble_dim count, thimble_cell* to) {
  for (; n > 0; --n, from += step, to += THIMBLE_TOGETHER) {
    thimble_dim i;
#if !defined(THIMBLE_FEW_REGISTERS)
    if (count == THIMBLE_TOGETHER) {
#if defined(THIMBLE_MVE)
      memcpy(to, from, THIMBLE_TOGETHER);
#elif !defined(THIMBLE_DSP)
      to[0] = from[0];
      to[1] = from[1];
      to[2] = from[2];
      to[3] = from[3];
#else
      const uint32_t four = thimble_load4(from), even = thimble_even(four), odd = thimble_odd(four);
      memcpy(to, &even, sizeof even);
      memcpy(to + 2, &odd, sizeof odd);
#endif
      continue;
    }
#endif
    for (i = 0; i < THIMBLE_TOGETHER; ++i)
      to[thimble_cell_of(i)] = i >= count ? 0 : constant ? thimble_read_s8(from + i) : from[i];
  }
  return to;
}

static inline thimble_cell* thimble_fill_padding(int32_t zero, thimble_dim columns, thimble_cell* to) {
  for (columns *= THIMBLE_TOGETHER; columns > 0; --columns) {
    *to++ = (thimble_cell)zero;
    THIMBLE_IN_ORDER;  // no call of memset for a few
  }
  return to;
}

// Row `ih` of the image with its padding: `width` columns.
static inline void thimble_fill_row(const thimble_depthwise_conv2d* p, const int8_t* x, thimble_dim ih,
                                    thimble_dim width, thimble_dim count, thimble_cell* to) {
  const int inside = ih >= 0 && ih < p->h.in;
  const thimble_dim left = inside ? p->w.pad : width, have = p->w.in < width - left ? p->w.in : width - left;
  to = thimble_fill_padding(p->x_zero, left, to);
  to = thimble_gather_cells(x + ih * p->w.in * p->channels, 0, p->channels, have, count, to);
  thimble_fill_padding(p->x_zero, width - left - have, to);
}

// What the outputs of `count` channels from c on are made with.
static inline void thimble_prepare(const thimble_depthwise_conv2d* p, const int32_t* bias, thimble_dim c,
                                   thimble_dim count, thimble_channels* to) {
  thimble_dim i;
#if defined(THIMBLE_MVE)
  to->some = vctp16q((uint32_t)count);
  to->zero = (int16_t)p->y.zero;
  to->lo = vdupq_n_s16((int16_t)p->y.lo);
  to->hi = vdupq_n_s16((int16_t)p->y.hi);
  for (i = 0; i < 2; ++i) {
    const uint32x4_t lanes = vaddq_n_u32(vmulq_n_u32(vidupq_n_u32(0, 1), 2), (uint32_t)i);
    const mve_pred16_t some = vctp32q((uint32_t)((count + 1 - i) / 2));
    to->bias[i] = vldrwq_gather_shifted_offset_z_s32(bias + c, lanes, some);
    to->multiplier[i] = vldrwq_gather_shifted_offset_z_s32(p->y.multiplier + c, lanes, some);
    to->shift[i] = vldrbq_gather_offset_z_s32(p->y.shift + c, lanes, some);
  }
#else
  for (i = 0; i < THIMBLE_TOGETHER; ++i) {
    const thimble_dim k = c + (i < count ? i : 0), cell = thimble_cell_of(i);
    to->bias[cell] = thimble_read_s32(bias + k);
    to->multiplier[cell] = thimble_read_s32(p->y.multiplier + k);
    to->scale[cell] = thimble_scale_of(thimble_read_s8(p->y.shift + k));
  }
  to->offset = thimble_offset_of(p->y.zero);
#endif
}

// The taps under a window of 3 × 3: its rows lie `row` cells from each other.
static inline void thimble_nine_taps(const thimble_cell* x, thimble_dim row, const thimble_cell* w, thimble_sums s) {
  thimble_dim kh;
  for (kh = 3; kh > 0; --kh, x += row, w += 3 * THIMBLE_TOGETHER) {
    thimble_tap(x, w, s);
    THIMBLE_IN_ORDER;
    thimble_tap(x + THIMBLE_TOGETHER, w + THIMBLE_TOGETHER, s);
    THIMBLE_IN_ORDER;
    thimble_tap(x + 2 * THIMBLE_TOGETHER, w + 2 * THIMBLE_TOGETHER, s);
    THIMBLE_IN_ORDER;
  }
}

// The first `count` outputs of sums.
static inline void thimble_store(const thimble_channels* of, thimble_dim count, thimble_sums s, int8_t* y) {
#if defined(THIMBLE_MVE)
  int16x8_t v = vqmovnbq_s32(vdupq_n_s16(0), thimble_scaled_lanes(s[0], of->multiplier[0], of->shift[0]));
  v = vqaddq_n_s16(vqmovntq_s32(v, thimble_scaled_lanes(s[1], of->multiplier[1], of->shift[1])), of->zero);
  vstrbq_p_s16(y, vminq_s16(vmaxq_s16(v, of->lo), of->hi), of->some);
  (void)count;
#else
  const int32_t offset = of->offset;
  int8_t v[THIMBLE_TOGETHER];
  thimble_dim i;
  v[0] = thimble_scaled_byte(s[0], of->multiplier[0], of->scale[0], offset);
#if !defined(THIMBLE_FEW_REGISTERS)
  v[1] = thimble_scaled_byte(s[1], of->multiplier[1], of->scale[1], offset);
  v[2] = thimble_scaled_byte(s[2], of->multiplier[2], of->scale[2], offset);
  v[3] = thimble_scaled_byte(s[3], of->multiplier[3], of->scale[3], offset);
  if (count == 4) {
    y[0] = v[0];
    y[1] = v[thimble_cell_of(1)];
    y[2] = v[thimble_cell_of(2)];
    y[3] = v[3];
    return;
  }
#endif
  for (i = 0; i < count; ++i) y[i] = v[thimble_cell_of(i)];
#endif
}

// A line of outputs: their windows lie beside each other in the strip.
THIMBLE_APART void thimble_line(const thimble_depthwise_conv2d* p, const thimble_channels* group, thimble_dim count,
                                const thimble_cell* x, thimble_dim row, const thimble_cell* w, int8_t* y) {
  const int nine = p->h.kernel == 3 && p->w.kernel == 3 && p->w.dilation == 1;
  const thimble_dim step = p->w.dilation * THIMBLE_TOGETHER, next = p->w.stride * THIMBLE_TOGETHER;
  const thimble_dim channels = p->channels;
  thimble_dim ow, kh, kw;
  for (ow = p->w.out; ow > 0; --ow, x += next, y += channels) {
    thimble_sums s;
    memcpy(s, group->bias, sizeof s);
    if (nine) {
      thimble_nine_taps(x, row, w, s);
    } else {
      const thimble_cell *line = x, *tap = w;
      for (kh = p->h.kernel; kh > 0; --kh, line += row) {
        const thimble_cell* at = line;
        for (kw = p->w.kernel; kw > 0; --kw, at += step, tap += THIMBLE_TOGETHER) thimble_tap(at, tap, s);
      }
    }
    thimble_store(group, count, s, y);
  }
}

// in_flash: w is a constant. strip: 8 bytes for each column, padding with it, of as many rows as a window has, and 16
// for each tap; for 3 × 3 no less than 32 for each column.
THIMBLE_APART void thimble_depthwise_taps_s8(const thimble_depthwise_conv2d* p, const int8_t* x, const int8_t* w,
                                             int in_flash, const int32_t* bias, int8_t* y, void* strip) {
  const thimble_dim channels = p->channels, kernel = p->h.kernel, taps = kernel * p->w.kernel;
  const thimble_dim width = (p->w.out - 1) * p->w.stride + (p->w.kernel - 1) * p->w.dilation + 1;
  const thimble_dim row = width * THIMBLE_TOGETHER;
  thimble_cell *const rows = (thimble_cell*)strip, *const weights = rows + kernel * row;
#if !defined(THIMBLE_MVE)
  int8_t* const start = y;
#endif
  thimble_dim image, c, oh, k;
  for (image = 0; image < p->batch; ++image) {
    for (c = 0; c < channels; c += THIMBLE_TOGETHER) {
      const thimble_dim left = channels - c;
      const thimble_dim count = left < THIMBLE_TOGETHER ? left : (thimble_dim)THIMBLE_TOGETHER;
      int8_t* to = y + c;
      thimble_dim have = -p->h.pad;  // the rows before this are there already, where dilation is 1
      thimble_channels group;
      thimble_prepare(p, bias, c, count, &group);
      for (k = 0; k < (p->h.out > 1 ? 2 : 1); ++k)  // twice, so that they can begin with any row
        thimble_gather_cells(w + c, in_flash, channels, taps, count, weights + k * taps * THIMBLE_TOGETHER);
      for (oh = 0; oh < p->h.out; ++oh) {
        const thimble_dim top = thimble_input_of(&p->h, oh, 0);
        // Row ih lies at (ih + pad) mod kernel.
        const thimble_dim first = p->h.dilation == 1 ? (top + p->h.pad) % kernel : 0;
        const thimble_cell* const from = weights + (first > 0 ? kernel - first : 0) * p->w.kernel * THIMBLE_TOGETHER;
        for (k = 0; k < kernel; ++k) {
          const thimble_dim ih = top + k * p->h.dilation, slot = first + k < kernel ? first + k : first + k - kernel;
          if (p->h.dilation == 1 && ih < have) continue;
          thimble_fill_row(p, x + c, ih, width, count, rows + slot * row);
          have = ih + 1;
        }
        thimble_line(p, &group, count, rows, row, from, to);
        to += p->w.out * channels;
      }
    }
    x += p->h.in * p->w.in * channels;
    y += p->h.out * p->w.out * channels;
  }
#if !defined(THIMBLE_MVE)
  thimble_limit(p->y.lo, p->y.hi, start, y - start);
#endif
}

// Where plans are constants the loops of others are not compiled.
THIMBLE_WITHIN void thimble_depthwise_conv2d_strip_s8(const thimble_depthwise_conv2d* p, const int8_t* x,
                                                      const int8_t* w, int in_flash, const int32_t* bias, int8_t* y,
                                                      void* strip) {
#if defined(THIMBLE_NINE)
  if (thimble_is_nine(p)) {
    thimble_depthwise_nine_s8(p, x, w, bias, y, (thimble_cell*)strip);
    return;
  }
#endif
  thimble_depthwise_taps_s8(p, x, w, in_flash, bias, y, strip);
}

THIMBLE_WITHIN void thimble_depthwise_conv2d_fast_s8(const thimble_depthwise_conv2d* p, const int8_t* x,
                                                     const int8_t* w, const int32_t* bias, int8_t* y, void* strip) {
  thimble_depthwise_conv2d_strip_s8(p, x, w, 1, bias, y, strip);
}
