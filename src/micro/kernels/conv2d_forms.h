// conv2d of int8 without groups with weights in another form (weight_forms.h): some outputs at a time have their
// weights brought into memory, for all pixels. The same bytes as thimble_conv2d_s8 for layers that the emitter calls
// plain.
//
// Pieces: a row (output) each. bias, windows: as thimble_conv2d_fast_s8 has them. `memory`: for the weights of `rows`
// outputs, an even number, in the order of thimble_conv2d_fast_s8 and 32 bytes behind them.
#pragma once

#include "micro/kernels/conv2d_fast.h"
#include "micro/kernels/weight_forms.h"

static inline void thimble_conv2d_form_s8(const thimble_conv2d* p, const int8_t* x, const thimble_form_s8* weights,
                                          const int32_t* bias, int8_t* y, void* windows, void* memory,
                                          thimble_dim rows) {
  int8_t* const unpacked = (int8_t*)memory;
  const thimble_dim n = p->h.kernel * p->w.kernel * p->channels, outputs = p->outputs;
  thimble_form_s8 from = *weights;
  thimble_conv2d part = *p;
  thimble_dim o, k;
#if !defined(THIMBLE_AVR)
  const thimble_dim pair = 2 * (n + n % 2);
  part.y.lo = -128;  // narrowed when all outputs are there
  part.y.hi = 127;
#endif
  for (o = 0; o < outputs; o += rows) {
    part.outputs = outputs - o < rows ? outputs - o : rows;
    part.y.multiplier = p->y.multiplier + o;
    part.y.shift = p->y.shift + o;
#if defined(THIMBLE_AVR)
    for (k = 0; k < part.outputs; ++k) thimble_unpack_s8(&from, o + k, n, 1, unpacked + k * n);
    thimble_conv2d_avr_s8(&part, x, unpacked, 0, bias + o, y + o, (int8_t*)windows);
#else
    if (n % 2 != 0 || part.outputs % 2 != 0) memset(unpacked, 0, (size_t)((part.outputs + 1) / 2 * pair));
    for (k = 0; k < part.outputs; ++k) thimble_unpack_s8(&from, o + k, n, 2, unpacked + k / 2 * pair + k % 2);
    thimble_conv2d_fast_s8(&part, x, unpacked, bias + o, y + o, windows);
#endif
  }
#if !defined(THIMBLE_AVR)
  thimble_limit(p->y.lo, p->y.hi, y, p->batch * p->h.out * p->w.out * outputs);
#endif
}

static inline void thimble_conv2d_palette_s8(const thimble_conv2d* p, const int8_t* x, const thimble_form_s8* w,
                                             const int32_t* bias, int8_t* y, void* windows, void* memory,
                                             thimble_dim rows) {
  thimble_conv2d_form_s8(p, x, w, bias, y, windows, memory, rows);
}

static inline void thimble_conv2d_sparse_s8(const thimble_conv2d* p, const int8_t* x, const thimble_form_s8* w,
                                            const int32_t* bias, int8_t* y, void* windows, void* memory,
                                            thimble_dim rows) {
  thimble_conv2d_form_s8(p, x, w, bias, y, windows, memory, rows);
}
