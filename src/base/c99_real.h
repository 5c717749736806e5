// Real numbers as integers of a quantised tensor, in C99: for the operator, and for callers of an exported model.
#pragma once

#include "base/c99.h"

// clamp(round(x / scale) + zero, lo, hi), halves away from zero; NaN gives zero. Types of up to 16 bits.
THIMBLE_INLINE int32_t thimble_quantized(float x, float scale, int32_t zero, int32_t lo, int32_t hi) {
  const float v = x / scale;
  if (!(v == v)) return zero;
  if (v > 131072.0f) return hi;  // beyond, no zero point leads back
  if (v < -131072.0f) return lo;
  const int32_t whole = (int32_t)v;
  const float rest = v - (float)whole;  // exact
  return thimble_clamp(whole + (rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0) + zero, lo, hi);
}

// A whole tensor of `n` elements with one scale.
static inline void thimble_s8_of_reals(const float* x, thimble_dim n, float scale, int32_t zero, int8_t* q) {
  for (thimble_dim i = 0; i < n; ++i) q[i] = (int8_t)thimble_quantized(x[i], scale, zero, -128, 127);
}

static inline void thimble_u8_of_reals(const float* x, thimble_dim n, float scale, int32_t zero, uint8_t* q) {
  for (thimble_dim i = 0; i < n; ++i) q[i] = (uint8_t)thimble_quantized(x[i], scale, zero, 0, 255);
}

static inline void thimble_reals_of_s8(const int8_t* q, thimble_dim n, float scale, int32_t zero, float* x) {
  for (thimble_dim i = 0; i < n; ++i) x[i] = scale * (float)(q[i] - zero);
}

static inline void thimble_reals_of_u8(const uint8_t* q, thimble_dim n, float scale, int32_t zero, float* x) {
  for (thimble_dim i = 0; i < n; ++i) x[i] = scale * (float)(q[i] - zero);
}
