// depthwise_conv2d of int8 with one output per channel and weights in another form (weight_forms.h), which are brought
// into memory at once: they are few. The same bytes as thimble_depthwise_conv2d_s8 for layers that the emitter calls
// plain.
//
// Pieces: a channel each. `memory`: for all weights.
#pragma once

#include "micro/kernels/depthwise_conv2d_fast.h"
#include "micro/kernels/weight_forms.h"

static inline void thimble_depthwise_conv2d_form_s8(const thimble_depthwise_conv2d* p, const int8_t* x,
                                                    const thimble_form_s8* weights, const int32_t* bias, int8_t* y,
                                                    void* strip, void* memory) {
  thimble_form_s8 from = *weights;
  int8_t* const unpacked = (int8_t*)memory;
  thimble_dim c;
  for (c = 0; c < p->channels; ++c) thimble_unpack_s8(&from, c, p->h.kernel * p->w.kernel, p->channels, unpacked + c);
  thimble_depthwise_conv2d_strip_s8(p, x, unpacked, 0, bias, y, strip);
}

static inline void thimble_depthwise_conv2d_palette_s8(const thimble_depthwise_conv2d* p, const int8_t* x,
                                                       const thimble_form_s8* w, const int32_t* bias, int8_t* y,
                                                       void* strip, void* memory) {
  thimble_depthwise_conv2d_form_s8(p, x, w, bias, y, strip, memory);
}

static inline void thimble_depthwise_conv2d_sparse_s8(const thimble_depthwise_conv2d* p, const int8_t* x,
                                                      const thimble_form_s8* w, const int32_t* bias, int8_t* y,
                                                      void* strip, void* memory) {
  thimble_depthwise_conv2d_form_s8(p, x, w, bias, y, strip, memory);
}
