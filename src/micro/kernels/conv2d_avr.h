// conv2d of int8 without groups on AVR: the bytes of a window are gathered once for all outputs. The same bytes as
// thimble_conv2d_s8 where every shift is −1 or less.
#pragma once

#include <string.h>

#include "micro/kernels/avr.h"
#include "ops/conv2d/kernel.h"

#if defined(THIMBLE_AVR)
// Lines of `run` bytes (both up to 255), `gap` bytes between them.
static __attribute__((noinline, unused)) void thimble_copy_lines(const int8_t* from, uint8_t lines, uint8_t run,
                                                                 thimble_dim gap, int8_t* to) {
  for (; lines > 0; --lines, from += gap) {
    uint8_t i = run;
    do {
      *to++ = *from++;
    } while (--i);
  }
}

// A window whose first tap lies at (h, w) and of which parts are outside the image, or lie apart: outside is x's zero
// point.
static __attribute__((noinline, unused)) void thimble_gather_edge(const thimble_conv2d* p, const int8_t* x,
                                                                  thimble_dim h, thimble_dim w, int8_t* to) {
  const thimble_dim channels = p->channels;
  thimble_dim kh, kw;
  for (kh = 0; kh < p->h.kernel; ++kh) {
    const thimble_dim ih = h + kh * p->h.dilation;
    for (kw = 0; kw < p->w.kernel; ++kw, to += channels) {
      const thimble_dim iw = w + kw * p->w.dilation;
      if (ih < 0 || ih >= p->h.in || iw < 0 || iw >= p->w.in)
        memset(to, (int)p->x_zero, (size_t)channels);
      else
        memcpy(to, x + (ih * p->w.in + iw) * channels, (size_t)channels);
    }
  }
}

static inline void thimble_outputs_avr(const thimble_conv2d* p, const int8_t* column, thimble_dim n, const int8_t* w,
                                       int in_flash, const int32_t* bias, int8_t* y) {
  const thimble_dim outputs = p->outputs;
  thimble_dim o;
  for (o = 0; o < outputs; ++o, w += n) {
    const int32_t start = bias ? thimble_read_s32(bias + o) : 0;
    const int32_t sum = in_flash ? thimble_dot(column, w, n, start) : thimble_dot_in_memory(column, w, n, start);
    y[o] = thimble_requantized_avr(&p->y, sum, o);
  }
}

// in_flash: where w lies. bias: less x_zero · Σ weights. column: memory for the bytes of a window.
static inline void thimble_conv2d_avr_s8(const thimble_conv2d* p, const int8_t* x, const int8_t* w, int in_flash,
                                         const int32_t* bias, int8_t* y, int8_t* column) {
  const thimble_dim channels = p->channels, line = p->w.in * channels, run = p->w.kernel * channels;
  const thimble_dim n = p->h.kernel * run;
  const int together = p->h.dilation == 1 && p->w.dilation == 1 && p->h.kernel <= 255 && run <= 255;
  thimble_dim image, oh, ow;
  for (image = 0; image < p->batch; ++image, x += p->h.in * line) {
    thimble_dim ih = -p->h.pad;
    for (oh = 0; oh < p->h.out; ++oh, ih += p->h.stride) {
      const int lines_inside = together && ih >= 0 && ih + p->h.kernel <= p->h.in;
      thimble_dim iw = -p->w.pad;
      const int8_t* from = x + ih * line + iw * channels;
      for (ow = 0; ow < p->w.out; ++ow, iw += p->w.stride, from += p->w.stride * channels, y += p->group_outputs) {
        if (lines_inside && iw >= 0 && iw + p->w.kernel <= p->w.in)
          thimble_copy_lines(from, (uint8_t)p->h.kernel, (uint8_t)run, line - run, column);
        else
          thimble_gather_edge(p, x, ih, iw, column);
        thimble_outputs_avr(p, column, n, w, in_flash, bias, y);
      }
    }
  }
}
#endif
