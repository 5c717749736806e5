// fully_connected as C99: the scalar loops behind fully_connected.h, which says what they compute.
#pragma once

#include "base/c99.h"

// Scales of accumulators as LiteRT's reference applies them: round(acc · scale) in double, half away from zero, once.
// A double is (high · 2^21 + low) · 2^−(shift + 21), high with its top bit set; high is 0 where every product rounds
// to 0.
typedef struct thimble_dense_scales {
  thimble_dim count;  // one for all outputs, or one for each
  const uint32_t* high;
  const uint32_t* low;
  const int8_t* shift;  // 2 … 63
} thimble_dense_scales;

typedef struct thimble_fully_connected {
  thimble_dim batch, inputs, outputs;
  int32_t x_zero, y_zero, lo, hi;  // int8
  thimble_dense_scales scales;
  thimble_range range;  // float32
} thimble_fully_connected;

// The product in 85 bits, rounded to the 53 of a double (half to even), then to an integer (half away from zero):
// what the double computes, for a magnitude.
THIMBLE_INLINE uint32_t thimble_dense_exact(uint32_t acc, uint32_t high, uint32_t low, int shift) {
  const uint64_t mantissa = (uint64_t)high << 21 | low;
  const uint64_t bottom = (uint64_t)acc * (uint32_t)mantissa;
  const uint64_t top = (uint64_t)acc * (uint32_t)(mantissa >> 32) + (bottom >> 32);  // product = top · 2^32 + rest
  const uint32_t rest = (uint32_t)bottom;
  int excess = 0;  // bits beyond 53
  uint64_t kept = 0;
  while (top >> 21 >> excess) ++excess;
  kept = excess == 32 ? top : top << (32 - excess) | rest >> excess;
  if (excess > 0) {
    const uint32_t lost = excess == 32 ? rest : rest & (((uint32_t)1 << excess) - 1),
                   half = (uint32_t)1 << (excess - 1);
    if (lost > half || (lost == half && (kept & 1))) ++kept;
  }
  const int right = shift + 21 - excess;  // the value is kept / 2^right
  if (right > 62) return 0;
  if (right <= 0) return UINT32_MAX;
  kept = (kept + ((uint64_t)1 << (right - 1))) >> right;
  return kept > UINT32_MAX ? UINT32_MAX : (uint32_t)kept;
}

// round(acc · scale), within ±10^9.
THIMBLE_INLINE int32_t thimble_dense_scaled(const thimble_dense_scales* s, int32_t acc, thimble_dim output) {
  const thimble_dim i = s->count == 1 ? 0 : output;
  const uint32_t high = thimble_read_u32(s->high + i);
  if (acc == 0 || high == 0) return 0;
  const int shift = thimble_read_s8(s->shift + i);
  const uint32_t size = acc < 0 ? 0u - (uint32_t)acc : (uint32_t)acc;
  // Whatever `low` is, and however the product is rounded to 53 bits: it is more than product − size and less than
  // product + 2 · size. Where these agree in their upper word, that decides.
  const uint64_t product = (uint64_t)size * high;
  const uint32_t upper = (uint32_t)(product >> 32), lower = (uint32_t)product;
  uint32_t value;
  if (shift > 32 && size < ((uint32_t)1 << 30) && lower >= size && lower <= UINT32_MAX - 2 * size) {
    value = (upper + ((uint32_t)1 << (shift - 33))) >> (shift - 32);
  } else {
    value = thimble_dense_exact(size, high, thimble_read_u32(s->low + i), shift);
  }
  if (value > 1000000000u) value = 1000000000u;
  return acc < 0 ? -(int32_t)value : (int32_t)value;
}

// Σ (x − zero_x) · (w − zero_w) over one row, modulo 2^32; `flip` as in conv2d.
THIMBLE_INLINE uint32_t thimble_fully_connected_sum(const thimble_fully_connected* p, const int8_t* x, const int8_t* w,
                                                    int32_t zero_x, int32_t zero_w, int flip) {
  uint32_t sum = 0;
  for (thimble_dim i = 0; i < p->inputs; ++i) {
    const int32_t a = (int32_t)(int8_t)(x[i] ^ flip) - zero_x;
    const int32_t b = (int32_t)(int8_t)(thimble_read_s8(w + i) ^ flip) - zero_w;
    sum += (uint32_t)(a * b);
  }
  return sum;
}

THIMBLE_INLINE int32_t thimble_fully_connected_output(const thimble_fully_connected* p, uint32_t acc, thimble_dim o) {
  return thimble_clamp(p->y_zero + thimble_dense_scaled(&p->scales, (int32_t)acc, o), p->lo, p->hi);
}

// bias: null, or one per output.
THIMBLE_INLINE void thimble_fully_connected_s8(const thimble_fully_connected* p, const int8_t* x, const int8_t* w,
                                               const int32_t* bias, int8_t* y) {
  for (thimble_dim b = 0; b < p->batch; ++b, x += p->inputs)
    for (thimble_dim o = 0; o < p->outputs; ++o) {
      const uint32_t start = bias ? (uint32_t)thimble_read_s32(bias + o) : 0;
      const uint32_t sum = thimble_fully_connected_sum(p, x, w + o * p->inputs, p->x_zero, 0, 0);
      *y++ = (int8_t)thimble_fully_connected_output(p, start + sum, o);
    }
}

// uint8: weights have a zero point too, one for all outputs (zeros: 1) or one for each.
static inline void thimble_fully_connected_u8(const thimble_fully_connected* p, const uint8_t* x, const uint8_t* w,
                                              const int32_t* w_zero, thimble_dim zeros, const int32_t* bias,
                                              uint8_t* y) {
  for (thimble_dim b = 0; b < p->batch; ++b, x += p->inputs)
    for (thimble_dim o = 0; o < p->outputs; ++o) {
      const uint32_t start = bias ? (uint32_t)thimble_read_s32(bias + o) : 0;
      const int32_t zero = thimble_read_s32(w_zero + (zeros == 1 ? 0 : o)) - 128;
      const uint32_t sum = thimble_fully_connected_sum(p, (const int8_t*)x, (const int8_t*)(w + o * p->inputs),
                                                       p->x_zero - 128, zero, 0x80);
      *y++ = (uint8_t)thimble_fully_connected_output(p, start + sum, o);
    }
}

THIMBLE_INLINE void thimble_fully_connected_f32(const thimble_fully_connected* p, const float* x, const float* w,
                                                const float* bias, float* y) {
  for (thimble_dim b = 0; b < p->batch; ++b, x += p->inputs)
    for (thimble_dim o = 0; o < p->outputs; ++o) {
      float sum = bias ? thimble_read_f32(bias + o) : 0;
      for (thimble_dim i = 0; i < p->inputs; ++i) sum += x[i] * thimble_read_f32(w + o * p->inputs + i);
      *y++ = thimble_clamp_f32(sum, &p->range);
    }
}
