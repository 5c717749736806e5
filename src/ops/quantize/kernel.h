// quantize, dequantize and cast as C99: the scalar loops behind quantize.h, which says what they compute.
#pragma once

#include "base/c99_real.h"

// Scales and zero points of slices of `inner` elements, `count` of them in turn; of a whole tensor: one slice.
typedef struct thimble_slices {
  thimble_dim count, inner;
  const float* scale;
  const int32_t* zero;
} thimble_slices;

typedef struct thimble_quantize {
  thimble_dim n;  // elements
  thimble_slices y;
  int32_t lo, hi;              // of y's type
  int32_t x_zero, multiplier;  // of integers: from x's scale to y's
  int8_t shift;
} thimble_quantize;

typedef struct thimble_dequantize {
  thimble_dim n;
  thimble_slices x;
} thimble_dequantize;

typedef struct thimble_cast {
  thimble_dim n;
} thimble_cast;

// An integer of x's scale in y's. Zero points are numbers of their types.
THIMBLE_INLINE int32_t thimble_requantized_value(const thimble_quantize* p, int32_t x) {
  const int32_t zero = thimble_read_s32(p->y.zero);
  return thimble_clamp(thimble_rescale(x - p->x_zero, p->multiplier, p->shift), p->lo - zero, p->hi - zero) + zero;
}

THIMBLE_INLINE void thimble_quantize_f32_s8(const thimble_quantize* p, const float* x, int8_t* y) {
  for (thimble_dim i = 0; i < p->n;)
    for (thimble_dim s = 0; s < p->y.count; ++s) {
      const float scale = thimble_read_f32(p->y.scale + s);
      const int32_t zero = thimble_read_s32(p->y.zero + s);
      for (const thimble_dim end = i + p->y.inner; i < end; ++i)
        y[i] = (int8_t)thimble_quantized(x[i], scale, zero, p->lo, p->hi);
    }
}

THIMBLE_INLINE void thimble_quantize_s8_s8(const thimble_quantize* p, const int8_t* x, int8_t* y) {
  for (thimble_dim i = 0; i < p->n; ++i) y[i] = (int8_t)thimble_requantized_value(p, x[i]);
}

// Networks whose inputs or outputs are uint8 around int8.
THIMBLE_INLINE void thimble_quantize_u8_s8(const thimble_quantize* p, const uint8_t* x, int8_t* y) {
  for (thimble_dim i = 0; i < p->n; ++i) y[i] = (int8_t)thimble_requantized_value(p, x[i]);
}
THIMBLE_INLINE void thimble_quantize_s8_u8(const thimble_quantize* p, const int8_t* x, uint8_t* y) {
  for (thimble_dim i = 0; i < p->n; ++i) y[i] = (uint8_t)thimble_requantized_value(p, x[i]);
}

THIMBLE_INLINE void thimble_quantize_u8_u8(const thimble_quantize* p, const uint8_t* x, uint8_t* y) {
  for (thimble_dim i = 0; i < p->n; ++i) y[i] = (uint8_t)thimble_requantized_value(p, x[i]);
}
THIMBLE_INLINE void thimble_quantize_f32_u8(const thimble_quantize* p, const float* x, uint8_t* y) {
  for (thimble_dim i = 0; i < p->n;)
    for (thimble_dim s = 0; s < p->y.count; ++s) {
      const float scale = thimble_read_f32(p->y.scale + s);
      const int32_t zero = thimble_read_s32(p->y.zero + s);
      for (const thimble_dim end = i + p->y.inner; i < end; ++i)
        y[i] = (uint8_t)thimble_quantized(x[i], scale, zero, p->lo, p->hi);
    }
}

THIMBLE_INLINE float thimble_dequantized(int32_t x, float scale, int32_t zero) { return scale * (float)(x - zero); }

THIMBLE_INLINE void thimble_dequantize_s8_f32(const thimble_dequantize* p, const int8_t* x, float* y) {
  for (thimble_dim i = 0; i < p->n;)
    for (thimble_dim s = 0; s < p->x.count; ++s) {
      const float scale = thimble_read_f32(p->x.scale + s);
      const int32_t zero = thimble_read_s32(p->x.zero + s);
      for (const thimble_dim end = i + p->x.inner; i < end; ++i) y[i] = thimble_dequantized(x[i], scale, zero);
    }
}

THIMBLE_INLINE void thimble_dequantize_u8_f32(const thimble_dequantize* p, const uint8_t* x, float* y) {
  for (thimble_dim i = 0; i < p->n;)
    for (thimble_dim s = 0; s < p->x.count; ++s) {
      const float scale = thimble_read_f32(p->x.scale + s);
      const int32_t zero = thimble_read_s32(p->x.zero + s);
      for (const thimble_dim end = i + p->x.inner; i < end; ++i) y[i] = thimble_dequantized(x[i], scale, zero);
    }
}

// A float toward zero, saturated; limit: −lo. NaN gives hi.
THIMBLE_INLINE int32_t thimble_whole(float v, float limit, int32_t lo, int32_t hi) {
  if (v <= -limit) return lo;
  return v < limit ? (int32_t)v : hi;
}

// CAST(from, its C type, to, its C type, the value made of v). A bool is a byte: anything but 0 is true, true is 1.
#define THIMBLE_CASTS(CAST)                                                             \
  CAST(f32, float, i8, int8_t, (int8_t)thimble_whole(v, 128.0f, -128, 127))             \
  CAST(f32, float, i32, int32_t, thimble_whole(v, 2147483648.0f, INT32_MIN, INT32_MAX)) \
  CAST(f32, float, boolean, uint8_t, (uint8_t)(v != 0.0f))                              \
  CAST(i8, int8_t, f32, float, (float)v)                                                \
  CAST(i8, int8_t, i32, int32_t, v)                                                     \
  CAST(i8, int8_t, boolean, uint8_t, (uint8_t)(v != 0))                                 \
  CAST(i32, int32_t, f32, float, (float)v)                                              \
  CAST(i32, int32_t, i8, int8_t, (int8_t)v)                                             \
  CAST(i32, int32_t, boolean, uint8_t, (uint8_t)(v != 0))                               \
  CAST(boolean, uint8_t, f32, float, v != 0 ? 1.0f : 0.0f)                              \
  CAST(boolean, uint8_t, i8, int8_t, (int8_t)(v != 0))                                  \
  CAST(boolean, uint8_t, i32, int32_t, (int32_t)(v != 0))
#define THIMBLE_CAST_LOOP(from, From, to, To, value)                                            \
  THIMBLE_INLINE void thimble_cast_##from##_##to(const thimble_cast* p, const From* x, To* y) { \
    for (thimble_dim i = 0; i < p->n; ++i) {                                                    \
      const From v = x[i];                                                                      \
      y[i] = value;                                                                             \
    }                                                                                           \
  }
THIMBLE_CASTS(THIMBLE_CAST_LOOP)
#undef THIMBLE_CAST_LOOP
