// The last dense layer of a network in float32, which goes on learning on the controller: softmax, cross-entropy, one
// step of gradient descent per example. What it reads are the features that the body of the network computes, int8 or
// float32.
//
// The same bits on every processor with IEEE floats: additions and products in the order that stands here, an
// exponential of its own, and no product that is contracted with a sum (compile with -ffp-contract=off, or -std=c99).
#pragma once

#include <string.h>

#include "base/c99.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__) && !defined(__cplusplus)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off")
#endif

typedef struct thimble_head {
  thimble_dim inputs, outputs;
  int integers;  // whether the features are int8
  float scale;   // of int8 features, and what stands for 0
  int32_t zero;
} thimble_head;

// e^x for x ≤ 0, to 1 in 10^7; 0 below −87, NaN of NaN.
static inline float thimble_head_exp(float x) {
  float r, y, power = 0;
  int32_t n;
  uint32_t bits;
  if (x < -87.0f) return 0.0f;
  if (x != x) return x;
  n = (int32_t)(x * 1.442695041f - 0.5f);  // of log 2, whose upper bits make products without rounding
  r = x - (float)n * 0.693359375f;
  r = r + (float)n * 2.12194442e-4f;
  y = 1.0f / 5040.0f;
  y = y * r + 1.0f / 720.0f;
  y = y * r + 1.0f / 120.0f;
  y = y * r + 1.0f / 24.0f;
  y = y * r + 1.0f / 6.0f;
  y = y * r + 0.5f;
  y = y * r + 1.0f;
  y = y * r + 1.0f;
  bits = (uint32_t)(n + 127) << 23;  // 2^n
  memcpy(&power, &bits, sizeof power);
  return y * power;
}

static inline float thimble_head_feature(const thimble_head* p, const void* x, thimble_dim i) {
  return p->integers ? p->scale * (float)((int32_t)((const int8_t*)x)[i] - p->zero) : ((const float*)x)[i];
}

// int8 weights (one scale, or one for each output) and the bias as float32. NULL for `bias`: zeros.
static inline void thimble_head_reset_s8(const thimble_head* p, const int8_t* w, const float* scales,
                                         thimble_dim scale_count, const float* bias, float* weights, float* biases) {
  thimble_dim o, i;
  for (o = 0; o < p->outputs; ++o) {
    const float scale = thimble_read_f32(scales + (scale_count == 1 ? 0 : o));
    biases[o] = bias ? thimble_read_f32(bias + o) : 0.0f;
    for (i = 0; i < p->inputs; ++i) *weights++ = scale * (float)thimble_read_s8(w++);
  }
}

static inline void thimble_head_reset_f32(const thimble_head* p, const float* w, const float* bias, float* weights,
                                          float* biases) {
  thimble_dim o, i;
  for (o = 0; o < p->outputs; ++o) {
    biases[o] = bias ? thimble_read_f32(bias + o) : 0.0f;
    for (i = 0; i < p->inputs; ++i) *weights++ = thimble_read_f32(w++);
  }
}

// Softmax of the layer.
static inline void thimble_head_probabilities(const thimble_head* p, const void* x, const float* weights,
                                              const float* biases, float* probabilities) {
  float top, sum = 0;
  thimble_dim o, i;
  for (o = 0; o < p->outputs; ++o) {
    float logit = biases[o];
    for (i = 0; i < p->inputs; ++i) {
      const float product = weights[i] * thimble_head_feature(p, x, i);
      logit = logit + product;
    }
    probabilities[o] = logit;
    weights += p->inputs;
  }
  top = probabilities[0];
  for (o = 1; o < p->outputs; ++o)
    if (probabilities[o] > top) top = probabilities[o];
  for (o = 0; o < p->outputs; ++o) {
    probabilities[o] = thimble_head_exp(probabilities[o] - top);
    sum = sum + probabilities[o];
  }
  for (o = 0; o < p->outputs; ++o) probabilities[o] = probabilities[o] / sum;
}

// One step down the gradient of the cross-entropy: of a logit it is the probability, less 1 for the class that is
// right. `probabilities` become those from before the step.
static inline void thimble_head_step(const thimble_head* p, const void* x, thimble_dim label, float learning_rate,
                                     float* weights, float* biases, float* probabilities) {
  thimble_dim o, i;
  thimble_head_probabilities(p, x, weights, biases, probabilities);
  for (o = 0; o < p->outputs; ++o) {
    const float gradient = o == label ? probabilities[o] - 1.0f : probabilities[o];
    const float step = learning_rate * gradient;
    biases[o] = biases[o] - step;
    for (i = 0; i < p->inputs; ++i) {
      const float change = step * thimble_head_feature(p, x, i);
      weights[i] = weights[i] - change;
    }
    weights += p->inputs;
  }
}

#if defined(__GNUC__) && !defined(__clang__) && !defined(__cplusplus)
#pragma GCC pop_options
#endif
