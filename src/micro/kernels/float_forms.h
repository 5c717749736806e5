// Layers of float32 with weights in another form (weight_forms.h): a row (an output) at a time has its weights brought
// into memory. The same sums in the same order as those of src/ops/*/kernel.h.
//
// Pieces: a row each; of fully_connected 16 inputs of a row each. `memory`: for the weights of a row.
#pragma once

#include "micro/kernels/weight_forms.h"
#include "ops/conv2d/kernel.h"
#include "ops/fully_connected/kernel.h"

static inline void thimble_fully_connected_form_f32(const thimble_fully_connected* p, const float* x,
                                                    const thimble_form_f32* weights, const float* bias, float* y) {
  thimble_dim b, o, i, k;
  for (b = 0; b < p->batch; ++b, x += p->inputs) {
    thimble_form_f32 from = *weights;
    for (o = 0; o < p->outputs; ++o) {
      float sum = bias ? thimble_read_f32(bias + o) : 0;
      for (i = 0; i < p->inputs; i += 16) {
        const thimble_dim columns = p->inputs - i < 16 ? p->inputs - i : 16;
        float piece[16];
        thimble_unpack_f32(&from, o, columns, 1, piece);
        for (k = 0; k < columns; ++k) sum += x[i + k] * piece[k];
      }
      *y++ = thimble_clamp_f32(sum, &p->range);
    }
  }
}

static inline void thimble_conv2d_form_f32(const thimble_conv2d* p, const float* x, const thimble_form_f32* weights,
                                           const float* bias, float* y, void* memory) {
  const thimble_dim channels = p->group_channels, n = p->h.kernel * p->w.kernel * channels;
  thimble_form_f32 from = *weights;
  float* const row = (float*)memory;
  thimble_dim b, oh, ow, o, kh, kw, c;
  for (o = 0; o < p->outputs; ++o, ++y) {
    const thimble_dim first = o / p->group_outputs * channels;
    float* to = y;
    thimble_unpack_f32(&from, o, n, 1, row);
    for (b = 0; b < p->batch; ++b)
      for (oh = 0; oh < p->h.out; ++oh)
        for (ow = 0; ow < p->w.out; ++ow, to += p->outputs) {
          float sum = 0;
          for (kh = 0; kh < p->h.kernel; ++kh) {
            const thimble_dim ih = thimble_input_of(&p->h, oh, kh);
            if (ih < 0 || ih >= p->h.in) continue;
            for (kw = 0; kw < p->w.kernel; ++kw) {
              const thimble_dim iw = thimble_input_of(&p->w, ow, kw);
              const float* const taps = row + (kh * p->w.kernel + kw) * channels;
              const float* const pixel = x + ((b * p->h.in + ih) * p->w.in + iw) * p->channels + first;
              if (iw < 0 || iw >= p->w.in) continue;
              for (c = 0; c < channels; ++c) sum += pixel[c] * taps[c];
            }
          }
          if (bias) sum += thimble_read_f32(bias + o);
          *to = thimble_clamp_f32(sum, &p->range);
        }
  }
}

static inline void thimble_fully_connected_palette_f32(const thimble_fully_connected* p, const float* x,
                                                       const thimble_form_f32* w, const float* bias, float* y) {
  thimble_fully_connected_form_f32(p, x, w, bias, y);
}

static inline void thimble_fully_connected_sparse_f32(const thimble_fully_connected* p, const float* x,
                                                      const thimble_form_f32* w, const float* bias, float* y) {
  thimble_fully_connected_form_f32(p, x, w, bias, y);
}

static inline void thimble_conv2d_palette_f32(const thimble_conv2d* p, const float* x, const thimble_form_f32* w,
                                              const float* bias, float* y, void* memory) {
  thimble_conv2d_form_f32(p, x, w, bias, y, memory);
}

static inline void thimble_conv2d_sparse_f32(const thimble_conv2d* p, const float* x, const thimble_form_f32* w,
                                             const float* bias, float* y, void* memory) {
  thimble_conv2d_form_f32(p, x, w, bias, y, memory);
}
