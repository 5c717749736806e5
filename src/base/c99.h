// What the scalar definitions of operators (src/ops/*/kernel.h) share: sizes, reading constants, and the fixed-point
// arithmetic of integer networks. C99 that is C++ as well: the host's reference kernels call it, and a model that is
// exported as C ships it. Nothing here allocates, needs an int of 32 bits, or uses double.
//
// Fixed point as gemmlowp defines it and TFLite's default build (double rounding, TFLITE_SINGLE_ROUNDING=0) uses it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus) && __cplusplus >= 201402L
#define THIMBLE_INLINE constexpr inline
#else
#define THIMBLE_INLINE static inline
#endif

// Sizes and positions: 64 bits on a host, 32 or 16 on a microcontroller, what its addresses need.
typedef ptrdiff_t thimble_dim;

// Dimensions of a tensor at most.
#define THIMBLE_MAX_RANK 8

// Constants (weights, biases, tables) are read through these: where flash has an address space of its own, an ordinary
// read would copy them into RAM first.
#if defined(__AVR__)
#include <avr/pgmspace.h>
#define THIMBLE_FLASH PROGMEM
static inline int8_t thimble_read_s8(const int8_t* at) { return (int8_t)pgm_read_byte(at); }
static inline int32_t thimble_read_s32(const int32_t* at) { return (int32_t)pgm_read_dword(at); }
static inline uint32_t thimble_read_u32(const uint32_t* at) { return pgm_read_dword(at); }
static inline float thimble_read_f32(const float* at) { return pgm_read_float(at); }
static inline thimble_dim thimble_read_dim(const thimble_dim* at) { return (thimble_dim)pgm_read_word(at); }
#else
#define THIMBLE_FLASH
THIMBLE_INLINE int8_t thimble_read_s8(const int8_t* at) { return *at; }
THIMBLE_INLINE int32_t thimble_read_s32(const int32_t* at) { return *at; }
THIMBLE_INLINE uint32_t thimble_read_u32(const uint32_t* at) { return *at; }
THIMBLE_INLINE float thimble_read_f32(const float* at) { return *at; }
THIMBLE_INLINE thimble_dim thimble_read_dim(const thimble_dim* at) { return *at; }
#endif

// Modulo 2^32, as the accumulators of 32-bit hardware.
THIMBLE_INLINE int32_t thimble_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
THIMBLE_INLINE int32_t thimble_sub(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }

// The value of a byte: int8, or with `flip` 0x80 a uint8 that lies in an int8_t.
THIMBLE_INLINE int32_t thimble_byte(int8_t byte, int flip) { return (int32_t)(int8_t)(byte ^ flip) + flip; }

THIMBLE_INLINE int32_t thimble_clamp(int32_t v, int32_t lo, int32_t hi) { return v < lo ? lo : v > hi ? hi : v; }

// a · b / 2^31, rounded to nearest with ties toward +∞; min · min saturates. (Shifts of negative numbers are
// arithmetic on every compiler that is in use.)
THIMBLE_INLINE int32_t thimble_high_mul(int32_t a, int32_t b) {
  return a == INT32_MIN && b == INT32_MIN ? INT32_MAX : (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

// round(x / 2^exponent), half away from zero; exponent in [0, 31].
THIMBLE_INLINE int32_t thimble_divide_by_power(int32_t x, int exponent) {
  const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1);
  const int32_t threshold = (int32_t)(((uint32_t)mask >> 1) + (x < 0 ? 1u : 0u));
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

THIMBLE_INLINE int32_t thimble_saturate(int64_t v) {
  return v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

// x · 2^exponent, saturated; a negative exponent divides and rounds half away from zero.
THIMBLE_INLINE int32_t thimble_multiply_by_power(int32_t x, int exponent) {
  if (exponent <= 0) return thimble_divide_by_power(x, exponent < -31 ? 31 : -exponent);
  return thimble_saturate((int64_t)x * ((int64_t)1 << (exponent < 31 ? exponent : 31)));
}

// x · multiplier · 2^(shift − 31): the left shift first (modulo 2^32), then the doubling high multiply, then the
// rounding right shift. Shifts of 32 and more give 0, those below −31 act as −31.
THIMBLE_INLINE int32_t thimble_rescale(int32_t x, int32_t multiplier, int shift) {
  const int32_t shifted = shift >= 32 ? 0 : shift > 0 ? (int32_t)((uint32_t)x << shift) : x;
  return thimble_divide_by_power(thimble_high_mul(shifted, multiplier), shift >= 0 ? 0 : shift < -31 ? 31 : -shift);
}

// The same of a 64-bit accumulator, as operators with 16-bit activations have it: the multiplier is rounded to 15 bits,
// the product once, ties toward +∞. |x| below 2^47; shift in −31 … 7.
THIMBLE_INLINE int32_t thimble_rescale_wide(int64_t x, int32_t multiplier, int shift) {
  const int32_t reduced = multiplier < (int32_t)0x7FFF0000 ? (multiplier + ((int32_t)1 << 15)) >> 16 : 0x7FFF;
  const int right = 15 - shift;
  const uint64_t product = (uint64_t)x * (uint64_t)reduced + ((uint64_t)1 << (right - 1));
  return (int32_t)((int64_t)product >> right);
}

// Where windows lie along one axis of an image: of convolutions and pools.
typedef struct thimble_axis {
  thimble_dim in, kernel, stride, dilation, out, pad;  // pad: before the first element
} thimble_axis;

// The input position under a kernel's tap for an output position; outside [0, in) it is padding.
THIMBLE_INLINE thimble_dim thimble_input_of(const thimble_axis* axis, thimble_dim out, thimble_dim tap) {
  return out * axis->stride - axis->pad + tap * axis->dilation;
}

// How a layer's int32 accumulators become bytes: y = clamp(zero + rescale(acc, multiplier, shift), lo, hi).
typedef struct thimble_requantize {
  int32_t zero, lo, hi;
  const int32_t* multiplier;  // one per output channel
  const int8_t* shift;
} thimble_requantize;

THIMBLE_INLINE int32_t thimble_requantized(const thimble_requantize* r, int32_t acc, thimble_dim channel) {
  const int32_t v =
      thimble_rescale(acc, thimble_read_s32(r->multiplier + channel), thimble_read_s8(r->shift + channel));
  return thimble_clamp(thimble_add(v, r->zero), r->lo, r->hi);
}

// The clamp of a fused activation; NaN passes.
typedef struct thimble_range {
  float lo, hi;
} thimble_range;

THIMBLE_INLINE float thimble_clamp_f32(float v, const thimble_range* r) {
  return v < r->lo ? r->lo : v > r->hi ? r->hi : v;
}
