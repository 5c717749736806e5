// conv2d of int8 without groups as a matrix product: the windows of three pixels at a time meet two outputs at a time.
// The same bytes as thimble_conv2d_s8 for layers that the emitter calls plain.
//
// Weights lie in the order in which they are read: two outputs (rows) at a time, of these the weights in turn, each
// row filled up with 0 to an even number, as is a last row without a neighbour. Behind them 30 bytes more may be read.
// bias: less x_zero · Σ weights, so that the windows hold x as it is, and x's zero point where they are padding; one
// for each row, also where a row is filled up. On AVR weights lie as the model has them. The outputs of a pixel lie
// group_outputs from those of the next one: some of them can be computed alone.
#pragma once

#include "micro/kernels/conv2d_avr.h"
#include "micro/kernels/conv2d_dsp.h"
#include "micro/kernels/conv2d_mve.h"
#include "micro/kernels/simd.h"
#include "ops/conv2d/kernel.h"

#if !defined(THIMBLE_AVR)
#if !defined(THIMBLE_MVE)
enum { THIMBLE_ROWS = 16 };  // of sums that are kept, for each of three windows
typedef const int16_t* thimble_windows;
typedef int16_t* thimble_values;  // of one of them
#else
typedef int8_t* thimble_values;
#endif

#if defined(THIMBLE_MVE)
// Values [at, at + n) of a window, which is n bytes.
static inline void thimble_into_window(const int8_t* x, thimble_dim n, int8_t* window, thimble_dim at) {
  thimble_copy(window + at, x, n);
}
static inline void thimble_fill_window(int8_t zero, thimble_dim n, int8_t* window, thimble_dim at) {
  for (window += at; n > 0; --n) {
    *window++ = zero;
    THIMBLE_IN_ORDER;  // no call of memset for a few
  }
}
#else
// Values [at, at + n) of a window as int16, by twos: those of the two other windows lie between them.
THIMBLE_APART void thimble_into_window(const int8_t* x, thimble_dim n, int16_t* window, thimble_dim at) {
  int16_t* to = window + at / 2 * 6;
  if (at % 2 != 0) {
    to[1] = *x++;
    to += 6;
    --n;
  }
#if defined(THIMBLE_DSP)
  for (; n >= 4; n -= 4, x += 4, to += 12) {
    const uint32_t four = thimble_load4(x), even = thimble_even(four), odd = thimble_odd(four);
    const uint32_t low = thimble_low_halves(even, odd), high = thimble_high_halves(even, odd);
    memcpy(to, &low, sizeof low);
    memcpy(to + 6, &high, sizeof high);
  }
#endif
  for (; n >= 2; n -= 2, x += 2, to += 6) {
    to[0] = x[0];
    to[1] = x[1];
  }
  if (n > 0) {
    to[0] = x[0];
    to[1] = 0;  // the first of what follows, if anything does
  }
}
static inline void thimble_fill_window(int8_t zero, thimble_dim n, int16_t* window, thimble_dim at) {
  for (; n > 0; --n, ++at) window[at / 2 * 6 + at % 2] = zero;
}
#endif

// The window whose first column and row are at `left` and `top` of an image.
static inline void thimble_window(const thimble_conv2d* p, const int8_t* x, thimble_dim top, thimble_dim left,
                                  thimble_values to) {
  const thimble_dim channels = p->channels, row = p->w.kernel * channels, step = p->w.dilation;
  const int columns = step == 1 && left >= 0 && left + p->w.kernel <= p->w.in;  // all of a row's are there
  const int8_t* line = x + (top * p->w.in + left) * channels;
  const int8_t zero = (int8_t)p->x_zero;
  thimble_dim kh, kw, at = 0;
  for (kh = p->h.kernel; kh > 0; --kh, top += p->h.dilation, line += p->h.dilation * p->w.in * channels) {
    const int inside = top >= 0 && top < p->h.in;
    if (inside && columns) {
      thimble_into_window(line, row, to, at);
      at += row;
      continue;
    }
    for (kw = 0; kw < p->w.kernel; ++kw, at += channels) {
      const thimble_dim iw = left + kw * step;
      if (inside && iw >= 0 && iw < p->w.in)
        thimble_into_window(line + kw * step * channels, channels, to, at);
      else
        thimble_fill_window(zero, channels, to, at);
    }
  }
}

#if !defined(THIMBLE_MVE)
#if !defined(THIMBLE_ROW_LOOPS)
#if defined(THIMBLE_THUMB)
// Two weights of both rows, 12 products, and a block of several.
#define THIMBLE_BLOCK THIMBLE_TWOS THIMBLE_TWOS
enum { THIMBLE_BLOCK_CELLS = 12 };
#define THIMBLE_TWOS               \
  "ldrsb %[u], [%[w], #2]\n\t"     \
  "ldrsb %[v], [%[w], #3]\n\t"     \
  "ldrsh r4, [%[a], #2]\n\t"       \
  "mla %[au], r4, %[u], %[au]\n\t" \
  "mla %[av], r4, %[v], %[av]\n\t" \
  "ldrsh r4, [%[a], #6]\n\t"       \
  "mla %[bu], r4, %[u], %[bu]\n\t" \
  "mla %[bv], r4, %[v], %[bv]\n\t" \
  "ldrsh r4, [%[a], #10]\n\t"      \
  "mla %[cu], r4, %[u], %[cu]\n\t" \
  "mla %[cv], r4, %[v], %[cv]\n\t" \
  "ldrsb %[v], [%[w], #1]\n\t"     \
  "ldrsb %[u], [%[w]], #4\n\t"     \
  "ldrsh r4, [%[a], #4]\n\t"       \
  "mla %[bu], r4, %[u], %[bu]\n\t" \
  "mla %[bv], r4, %[v], %[bv]\n\t" \
  "ldrsh r4, [%[a], #8]\n\t"       \
  "mla %[cu], r4, %[u], %[cu]\n\t" \
  "mla %[cv], r4, %[v], %[cv]\n\t" \
  "ldrsh r4, [%[a]], #12\n\t"      \
  "mla %[au], r4, %[u], %[au]\n\t" \
  "mla %[av], r4, %[v], %[av]\n\t"
#define THIMBLE_TWOS_OPERANDS                                                                                         \
  [au] "+r"(au), [bu] "+r"(bu), [cu] "+r"(cu), [av] "+r"(av), [bv] "+r"(bv), [cv] "+r"(cv), [a] "+r"(a), [w] "+r"(w), \
      [u] "=&r"(u), [v] "=&r"(v)
#endif

// The sums of `count` rows, for each those of three windows.
THIMBLE_APART void thimble_sum_rows(const thimble_windows x, thimble_dim n, const int8_t* w, const int32_t* bias,
                                    thimble_dim count, int32_t* sums) {
  const int16_t* const end = x + 3 * (n + n % 2);
#if defined(THIMBLE_THUMB)
  const int16_t* const blocks = end - (end - x) % THIMBLE_BLOCK_CELLS;
#endif
  for (; count > 0; count -= 2, bias += 2, sums += 6) {
#if defined(THIMBLE_FEW_REGISTERS)
    thimble_dim i;
    for (i = 0; i < 3; ++i) {
      const int16_t* a = x + 2 * i;
      const int8_t* u = w;
      int32_t su = thimble_read_s32(bias), sv = thimble_read_s32(bias + 1);
      for (; a < end; a += 6, u += 4) {
        su = thimble_mac(a[0], thimble_read_s8(u), su);
        sv = thimble_mac(a[0], thimble_read_s8(u + 1), sv);
        su = thimble_mac(a[1], thimble_read_s8(u + 2), su);
        sv = thimble_mac(a[1], thimble_read_s8(u + 3), sv);
      }
      sums[i] = su;
      sums[i + 3] = sv;
    }
    w += 2 * (n + n % 2);
#else
    const int16_t* a = x;
    int32_t au = bias[0], av = bias[1], bu = au, bv = av, cu = au, cv = av;
#if defined(THIMBLE_THUMB)
    int32_t u, v;
    if (x != blocks)
      __asm__ volatile("1:\n\t" THIMBLE_BLOCK "ldr %[u], %[stop]\n\tcmp %[a], %[u]\n\tbne 1b"
                       : THIMBLE_TWOS_OPERANDS
                       : [stop] "m"(blocks)
                       : "r4", "cc", "memory");
    while (a != end) __asm__ volatile(THIMBLE_TWOS:THIMBLE_TWOS_OPERANDS : : "r4", "memory");
#else
    for (; a != end; a += 6, w += 4) {
      const int32_t u0 = thimble_read_s8(w), v0 = thimble_read_s8(w + 1);
      const int32_t u1 = thimble_read_s8(w + 2), v1 = thimble_read_s8(w + 3);
      au = thimble_mac(a[1], u1, thimble_mac(a[0], u0, au));
      av = thimble_mac(a[1], v1, thimble_mac(a[0], v0, av));
      bu = thimble_mac(a[3], u1, thimble_mac(a[2], u0, bu));
      bv = thimble_mac(a[3], v1, thimble_mac(a[2], v0, bv));
      cu = thimble_mac(a[5], u1, thimble_mac(a[4], u0, cu));
      cv = thimble_mac(a[5], v1, thimble_mac(a[4], v0, cv));
    }
#endif
    sums[0] = au;
    sums[1] = bu;
    sums[2] = cu;
    sums[3] = av;
    sums[4] = bv;
    sums[5] = cv;
#endif
  }
}
#undef THIMBLE_TWOS
#undef THIMBLE_TWOS_OPERANDS
#undef THIMBLE_BLOCK

// The outputs [o, o + count) of three windows.
static inline void thimble_scale_rows(const thimble_requantize* r, const int32_t* sums, thimble_dim o,
                                      thimble_dim count, int8_t* const y[3]) {
  const int32_t* multipliers = r->multiplier + o;
  const int8_t* shifts = r->shift + o;
  const int32_t offset = thimble_offset_of(r->zero);
  int8_t *a = y[0] + o, *b = y[1] + o, *c = y[2] + o;
  const int8_t* const end = a + count;
  while (a != end) {
    const int32_t multiplier = thimble_read_s32(multipliers++);
    const int32_t scale = thimble_scale_of(thimble_read_s8(shifts++));
    *a++ = thimble_scaled_byte(sums[0], multiplier, scale, offset);
    *b++ = thimble_scaled_byte(sums[1], multiplier, scale, offset);
    *c++ = thimble_scaled_byte(sums[2], multiplier, scale, offset);
    sums += 3;
  }
}
#endif
#endif

// All outputs under three windows.
static inline void thimble_three_pixels(const thimble_conv2d* p, const thimble_windows x, thimble_dim n,
                                        const int8_t* w, const int32_t* bias, int8_t* const y[3]) {
  int32_t sums[3 * THIMBLE_ROWS];
  thimble_dim o;
#if defined(THIMBLE_MVE)
  thimble_row_scales scales = thimble_row_scales_of(&p->y, bias, sums, y);
#elif defined(THIMBLE_ROW_LOOPS)
  thimble_row_scales scales = thimble_row_scales_of(&p->y, sums, y);
#endif
  for (o = 0; o < p->outputs; o += THIMBLE_ROWS, w += THIMBLE_ROWS * (n + n % 2)) {
    const thimble_dim left = p->outputs - o, count = left < THIMBLE_ROWS ? left : (thimble_dim)THIMBLE_ROWS;
#if defined(THIMBLE_MVE)
    thimble_sum_rows(x, n, w, count, sums);
    thimble_scale_rows(&scales, count);
#elif defined(THIMBLE_ROW_LOOPS)
    thimble_sum_rows(x, n, w, bias + o, count, sums);
    thimble_scale_rows(&scales, count);
#else
    thimble_sum_rows(x, n, w, bias + o, count, sums);
    thimble_scale_rows(&p->y, sums, o, count, y);
#endif
  }
}
#endif

// windows: memory for three of them: 6 · (n + 1) bytes for n weights of an output.
static inline void thimble_conv2d_fast_s8(const thimble_conv2d* p, const int8_t* x, const int8_t* w,
                                          const int32_t* bias, int8_t* y, void* windows) {
#if defined(THIMBLE_AVR)
  thimble_conv2d_avr_s8(p, x, w, 1, bias, y, (int8_t*)windows);
#else
  const thimble_dim n = p->h.kernel * p->w.kernel * p->channels;
  int8_t *const first = y, *ys[3];
#if defined(THIMBLE_MVE)
  const int8_t* xs[3];
  int8_t* const bytes = (int8_t*)windows;
#else
  int16_t* const xs = (int16_t*)windows;
#endif
  // Windows of one pixel are columns where they lie.
  const int pixels = n == p->channels && p->h.pad == 0 && p->w.pad == 0 && (p->h.out - 1) * p->h.stride < p->h.in &&
                     (p->w.out - 1) * p->w.stride < p->w.in;
  const thimble_dim right = p->w.stride * p->channels;
  thimble_dim image;
  for (image = 0; image < p->batch; ++image, x += p->h.in * p->w.in * p->channels) {
    const int8_t* next = x;
    thimble_dim left = p->h.out * p->w.out, top = -p->h.pad, ow = 0, have;
    while (left > 0) {
      for (have = 0; have < 3; ++have) {
        if (left > 0) {  // else the last one stands in once more
          --left;
          ys[have] = y;
          y += p->group_outputs;
          if (pixels) {
#if defined(THIMBLE_MVE)
            xs[have] = next;
#else
            thimble_into_window(next, n, xs + 2 * have, 0);
#endif
            next += right;
          } else {
#if defined(THIMBLE_MVE)
            xs[have] = bytes + have * n;
            thimble_window(p, x, top, ow * p->w.stride - p->w.pad, bytes + have * n);
#else
            thimble_window(p, x, top, ow * p->w.stride - p->w.pad, xs + 2 * have);
#endif
          }
          if (++ow == p->w.out) {
            ow = 0;
            top += p->h.stride;
            next = x + top * p->w.in * p->channels;
          }
        } else {
          ys[have] = y - p->group_outputs;
#if defined(THIMBLE_MVE)
          xs[have] = xs[have - 1];
#else
          thimble_dim cell;
          for (cell = 2 * have; cell < 3 * (n + n % 2); cell += 6) {
            xs[cell] = xs[cell - 2];
            xs[cell + 1] = xs[cell - 1];
          }
#endif
        }
      }
      thimble_three_pixels(p, xs, n, w, bias, ys);
    }
  }
#if defined(THIMBLE_MVE)
  (void)first;
#else
  thimble_limit(p->y.lo, p->y.hi, first, y - first);
#endif
#endif
}
