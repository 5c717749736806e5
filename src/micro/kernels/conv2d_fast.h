// conv2d of int8 without groups as a matrix product: pixels become columns, two at a time, that meet two outputs at a
// time. The same bytes as thimble_conv2d_s8 where every shift is −1 or less.
#pragma once

#include "micro/kernels/conv2d_avr.h"
#include "micro/kernels/simd.h"
#include "ops/conv2d/kernel.h"

// A column: x less its zero point, so that padding is 0; with MVE the bytes themselves, so that the bias has to hold
// −zero point · Σ weights.
#if defined(THIMBLE_MVE)
typedef int8_t thimble_column;
#else
typedef int16_t thimble_column;
#endif

// n bytes into a column. With the DSP extension every four lie as 0 2 1 3, as it unpacks weights.
static inline void thimble_fill_column(const int8_t* x, thimble_dim n, int32_t zero, thimble_column* to) {
#if defined(THIMBLE_MVE)
  (void)zero;
  memcpy(to, x, (size_t)n);
#else
  thimble_dim i = 0;
#if defined(THIMBLE_DSP)
  const thimble_dim whole = n - n % 4;
  const uint32_t less = ((uint32_t)(uint16_t)(int16_t)-zero << 16) | (uint16_t)(int16_t)-zero;
  for (; i < whole; i += 4) {
    const uint32_t four = thimble_load4(x + i);
    const uint32_t pair[2] = {thimble_even_bytes(less, four), thimble_odd_bytes(less, four)};
    memcpy(to + i, pair, sizeof pair);
  }
#endif
  for (; i < n; ++i) to[i] = (int16_t)(x[i] - zero);
#endif
}

// The window at (oh, ow) of an image, by runs of what lies together in it. Where channels are no multiple of four the
// bytes are gathered first, in the upper half of the column's memory.
static inline void thimble_gather_column(const thimble_conv2d* p, const int8_t* x, thimble_dim oh, thimble_dim ow,
                                         thimble_column* to) {
  const thimble_dim channels = p->channels, row = p->w.kernel * channels, size = p->h.kernel * row;
  const int direct = channels % 4 == 0 || sizeof(thimble_column) == 1;
  int8_t* const bytes = direct ? (int8_t*)to : (int8_t*)(to + size) - size;
  thimble_dim first, last, kh, kw, at = 0;
  thimble_taps_inside(&p->w, ow, &first, &last);
  for (kh = 0; kh < p->h.kernel; ++kh, at += row) {
    const thimble_dim ih = thimble_input_of(&p->h, oh, kh), run = p->w.dilation == 1 ? last - first : 1;
    const int outside = ih < 0 || ih >= p->h.in;
    if (outside || first > 0 || last < p->w.kernel) {  // padding: x's zero point
      if (direct && sizeof(thimble_column) != 1)
        memset(to + at, 0, (size_t)row * sizeof(thimble_column));
      else
        memset(bytes + at, (int)p->x_zero, (size_t)row);
    }
    if (outside) continue;
    for (kw = first; kw < last; kw += run) {
      const int8_t* const pixel = x + (ih * p->w.in + thimble_input_of(&p->w, ow, kw)) * channels;
      if (direct)
        thimble_fill_column(pixel, run * channels, p->x_zero, to + at + kw * channels);
      else
        memcpy(bytes + at + kw * channels, pixel, (size_t)(run * channels));
    }
  }
  if (!direct) thimble_fill_column(bytes, size, p->x_zero, to);
}

#if defined(THIMBLE_MVE)
// All outputs of a column, four at a time.
static inline void thimble_one_column(const thimble_column* a, thimble_dim n, const int8_t* w, const int32_t* bias,
                                      const thimble_requantize* r, thimble_dim outputs, int8_t* y) {
  const thimble_dim whole = n - n % 16;
  thimble_dim o, i;
  for (o = 0; o < outputs; o += 4) {
    const mve_pred16_t some = vctp32q((uint32_t)(outputs - o));
    const int8_t* const w0 = w + o * n;  // rows that are missing stand for the first
    const int8_t* const w1 = o + 1 < outputs ? w0 + n : w0;
    const int8_t* const w2 = o + 2 < outputs ? w0 + 2 * n : w0;
    const int8_t* const w3 = o + 3 < outputs ? w0 + 3 * n : w0;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    int32x4_t acc = vdupq_n_s32(0);
    for (i = 0; i < whole; i += 16) {
      const int8x16_t x = vldrbq_s8(a + i);
      s0 = vmladavaq_s8(s0, x, vldrbq_s8(w0 + i));
      s1 = vmladavaq_s8(s1, x, vldrbq_s8(w1 + i));
      s2 = vmladavaq_s8(s2, x, vldrbq_s8(w2 + i));
      s3 = vmladavaq_s8(s3, x, vldrbq_s8(w3 + i));
    }
    if (i < n) {
      const mve_pred16_t rest = vctp8q((uint32_t)(n - i));
      const int8x16_t x = vldrbq_z_s8(a + i, rest);
      s0 = vmladavaq_s8(s0, x, vldrbq_z_s8(w0 + i, rest));
      s1 = vmladavaq_s8(s1, x, vldrbq_z_s8(w1 + i, rest));
      s2 = vmladavaq_s8(s2, x, vldrbq_z_s8(w2 + i, rest));
      s3 = vmladavaq_s8(s3, x, vldrbq_z_s8(w3 + i, rest));
    }
    acc = vsetq_lane_s32(s0, acc, 0);
    acc = vsetq_lane_s32(s1, acc, 1);
    acc = vsetq_lane_s32(s2, acc, 2);
    acc = vsetq_lane_s32(s3, acc, 3);
    if (bias) acc = vaddq_s32(acc, vldrwq_z_s32(bias + o, some));
    thimble_requantized_four(r, acc, o, some, y + o);
  }
}
#else
static inline void thimble_products(const thimble_column* a, const thimble_column* b, const int8_t* u, const int8_t* v,
                                    thimble_dim n, int32_t sums[4]) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  thimble_dim i = 0;
#if defined(THIMBLE_DSP) && defined(__OPTIMIZE__)
  // 20 instructions for 16 products: with these 13 registers and the end compilers go to memory.
  const int8_t* const end = u + (n - n % 4);
  while (u != end) {
    uint32_t wu, wv, xa, xb, pair;
    __asm__ volatile(
        "ldr %[wu], [%[u]], #4\n\t"
        "ldr %[wv], [%[v]], #4\n\t"
        "ldr %[xa], [%[a]], #4\n\t"
        "ldr %[xb], [%[b]], #4\n\t"
        "sxtb16 %[pair], %[wu]\n\t"
        "smlad %[s0], %[xa], %[pair], %[s0]\n\t"
        "smlad %[s2], %[xb], %[pair], %[s2]\n\t"
        "sxtb16 %[pair], %[wv]\n\t"
        "smlad %[s1], %[xa], %[pair], %[s1]\n\t"
        "smlad %[s3], %[xb], %[pair], %[s3]\n\t"
        "ldr %[xa], [%[a]], #4\n\t"
        "ldr %[xb], [%[b]], #4\n\t"
        "sxtb16 %[pair], %[wu], ror #8\n\t"
        "smlad %[s0], %[xa], %[pair], %[s0]\n\t"
        "smlad %[s2], %[xb], %[pair], %[s2]\n\t"
        "sxtb16 %[pair], %[wv], ror #8\n\t"
        "smlad %[s1], %[xa], %[pair], %[s1]\n\t"
        "smlad %[s3], %[xb], %[pair], %[s3]"
        : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [a] "+r"(a), [b] "+r"(b), [u] "+r"(u),
          [v] "+r"(v), [wu] "=&r"(wu), [wv] "=&r"(wv), [xa] "=&r"(xa), [xb] "=&r"(xb), [pair] "=&r"(pair)
        :
        : "memory");
  }
  n %= 4;
#elif defined(THIMBLE_DSP)
  const thimble_dim whole = n - n % 4;
  for (; i < whole; i += 4) {
    const uint32_t wu = thimble_load4(u + i), wv = thimble_load4(v + i);
    const uint32_t ue = thimble_even(wu), uo = thimble_odd(wu), ve = thimble_even(wv), vo = thimble_odd(wv);
    const uint32_t ae = thimble_load4(a + i), ao = thimble_load4(a + i + 2);
    const uint32_t be = thimble_load4(b + i), bo = thimble_load4(b + i + 2);
    s0 = thimble_mac2(ao, uo, thimble_mac2(ae, ue, s0));
    s1 = thimble_mac2(ao, vo, thimble_mac2(ae, ve, s1));
    s2 = thimble_mac2(bo, uo, thimble_mac2(be, ue, s2));
    s3 = thimble_mac2(bo, vo, thimble_mac2(be, ve, s3));
  }
#endif
  for (; i < n; ++i) {
    const int32_t wu = thimble_read_s8(u + i), wv = thimble_read_s8(v + i), xa = a[i], xb = b[i];
    s0 = thimble_add(s0, xa * wu);
    s1 = thimble_add(s1, xa * wv);
    s2 = thimble_add(s2, xb * wu);
    s3 = thimble_add(s3, xb * wv);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

// All outputs of the columns a and b into ya and yb. Where there is one column, or one output is left, what is there
// stands in for the other.
static inline void thimble_two_columns(const thimble_column* a, const thimble_column* b, thimble_dim n, const int8_t* w,
                                       const int32_t* bias, const thimble_requantize* r, thimble_dim outputs,
                                       int8_t* ya, int8_t* yb) {
  thimble_dim o = 0;
  while (o < outputs) {
    const thimble_dim next = o + 1 < outputs ? o + 1 : o;
    const int32_t first = bias ? thimble_read_s32(bias + o) : 0, second = bias ? thimble_read_s32(bias + next) : 0;
    int32_t sums[4];
    sums[0] = sums[2] = first;
    sums[1] = sums[3] = second;
    thimble_products(a, b, w + o * n, w + next * n, n, sums);
    ya[o] = thimble_requantized_right(r, sums[0], o);
    yb[o] = thimble_requantized_right(r, sums[2], o);
    ya[next] = thimble_requantized_right(r, sums[1], next);
    yb[next] = thimble_requantized_right(r, sums[3], next);
    o = next + 1;
  }
}
#endif

// columns: memory for two of them, 4 bytes for each weight of an output. bias: with MVE and on AVR less x_zero · Σ
// weights.
static inline void thimble_conv2d_fast_s8(const thimble_conv2d* p, const int8_t* x, const int8_t* w,
                                          const int32_t* bias, int8_t* y, void* columns) {
#if defined(THIMBLE_AVR)
  thimble_conv2d_avr_s8(p, x, w, bias, y, (int8_t*)columns);
#else
  const thimble_dim n = p->h.kernel * p->w.kernel * p->channels, pixels = p->h.out * p->w.out;
  thimble_column* const a = (thimble_column*)columns;
  thimble_column* const b = a + n;
  thimble_dim image, i;
  for (image = 0; image < p->batch; ++image) {
#if defined(THIMBLE_MVE)  // pixels are columns where they lie
    if (n == p->channels && p->h.stride == 1 && p->w.stride == 1) {
      for (i = 0; i < pixels; ++i) thimble_one_column(x + i * n, n, w, bias, &p->y, p->outputs, y + i * p->outputs);
      x += pixels * n;
      y += pixels * p->outputs;
      continue;
    }
#endif
    for (i = 0; i < pixels; i += 2) {
      const thimble_dim j = i + 1 < pixels ? i + 1 : i;
      thimble_gather_column(p, x, i / p->w.out, i % p->w.out, a);
      if (j != i) thimble_gather_column(p, x, j / p->w.out, j % p->w.out, b);
#if defined(THIMBLE_MVE)
      thimble_one_column(a, n, w, bias, &p->y, p->outputs, y + i * p->outputs);
      if (j != i) thimble_one_column(b, n, w, bias, &p->y, p->outputs, y + j * p->outputs);
#else
      thimble_two_columns(a, j == i ? a : b, n, w, bias, &p->y, p->outputs, y + i * p->outputs, y + j * p->outputs);
#endif
    }
    x += p->h.in * p->w.in * p->channels;
    y += pixels * p->outputs;
  }
#endif
}
