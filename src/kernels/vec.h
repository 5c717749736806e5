// One register of floats, for the bodies that are compiled once per instruction set. The unit's
// compile flags bring THIMBLE_LANES (1, 4, 8 or 16) and the instructions; everything here has
// internal linkage, so that no unit can take a copy compiled for another instruction set.
// Fused multiply-adds are always explicit, and every operation below has the same bits on every
// instruction set; so have the kernels made of them.
#pragma once

#include <cstdint>

#if defined(__x86_64__) && THIMBLE_LANES > 1
#include <immintrin.h>
#elif defined(__aarch64__) && THIMBLE_LANES > 1
#include <arm_neon.h>
#endif

#define THIMBLE_INLINE [[maybe_unused]] inline __attribute__((always_inline))
#ifdef __clang__
#define THIMBLE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define THIMBLE_UNROLL _Pragma("GCC unroll 64")
#endif

namespace thimble {
namespace {

constexpr int kLanes = THIMBLE_LANES;

typedef float F __attribute__((vector_size(4 * kLanes)));     // NOLINT: attributes need typedef
typedef int32_t I __attribute__((vector_size(4 * kLanes)));   // also the type of comparisons: 0 or −1
typedef uint32_t U __attribute__((vector_size(4 * kLanes)));  // NOLINT

constexpr float kInf = __builtin_inff();

THIMBLE_INLINE F set1(float x) { return x - F{}; }
THIMBLE_INLINE I set1i(int32_t x) { return x - I{}; }
THIMBLE_INLINE I bits(F x) { return (I)x; }
THIMBLE_INLINE F from_bits(I x) { return (F)x; }
THIMBLE_INLINE F select(I mask, F a, F b) { return mask ? a : b; }
THIMBLE_INLINE F to_float(I x) { return __builtin_convertvector(x, F); }
THIMBLE_INLINE F abs(F x) { return from_bits(bits(x) & 0x7fffffff); }
THIMBLE_INLINE F copysign(F magnitude, F sign) {
  return from_bits((bits(magnitude) & 0x7fffffff) | (bits(sign) & INT32_MIN));
}

THIMBLE_INLINE F load(const float* p) {
  F x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
THIMBLE_INLINE void store(float* p, F x) { __builtin_memcpy(p, &x, sizeof x); }

// The first n lanes, 0 <= n <= kLanes; the others read 0 and are not touched in memory.
#if THIMBLE_LANES == 16
THIMBLE_INLINE __mmask16 lane_mask(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
THIMBLE_INLINE F load_part(const float* p, int64_t n) { return (F)_mm512_maskz_loadu_ps(lane_mask(n), p); }
THIMBLE_INLINE void store_part(float* p, F x, int64_t n) { _mm512_mask_storeu_ps(p, lane_mask(n), (__m512)x); }
#elif THIMBLE_LANES == 8
THIMBLE_INLINE __m256i lane_mask(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
THIMBLE_INLINE F load_part(const float* p, int64_t n) { return (F)_mm256_maskload_ps(p, lane_mask(n)); }
THIMBLE_INLINE void store_part(float* p, F x, int64_t n) { _mm256_maskstore_ps(p, lane_mask(n), (__m256)x); }
#else
THIMBLE_INLINE F load_part(const float* p, int64_t n) {
  F x = {};
  for (int64_t i = 0; i < n; ++i) x[i] = p[i];
  return x;
}
THIMBLE_INLINE void store_part(float* p, F x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) p[i] = x[i];
}
#endif

// fma(a, b, c) = a·b + c rounded once. greater(a, b) = a > b ? a : b and lesser(a, b) = a < b ? a : b:
// the second operand wins against NaN. round_even, floor and ceil as <cmath>.
#if THIMBLE_LANES == 16
THIMBLE_INLINE F fma(F a, F b, F c) { return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
THIMBLE_INLINE F greater(F a, F b) { return (F)_mm512_max_ps((__m512)a, (__m512)b); }
THIMBLE_INLINE F lesser(F a, F b) { return (F)_mm512_min_ps((__m512)a, (__m512)b); }
THIMBLE_INLINE F sqrt(F x) { return (F)_mm512_sqrt_ps((__m512)x); }
THIMBLE_INLINE F round_even(F x) { return (F)_mm512_roundscale_ps((__m512)x, 8); }
THIMBLE_INLINE F floor(F x) { return (F)_mm512_roundscale_ps((__m512)x, 9); }
THIMBLE_INLINE F ceil(F x) { return (F)_mm512_roundscale_ps((__m512)x, 10); }
THIMBLE_INLINE I to_int(F x) { return (I)_mm512_cvttps_epi32((__m512)x); }  // towards zero
#elif THIMBLE_LANES == 8
THIMBLE_INLINE F fma(F a, F b, F c) { return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
THIMBLE_INLINE F greater(F a, F b) { return (F)_mm256_max_ps((__m256)a, (__m256)b); }
THIMBLE_INLINE F lesser(F a, F b) { return (F)_mm256_min_ps((__m256)a, (__m256)b); }
THIMBLE_INLINE F sqrt(F x) { return (F)_mm256_sqrt_ps((__m256)x); }
THIMBLE_INLINE F round_even(F x) { return (F)_mm256_round_ps((__m256)x, 8); }
THIMBLE_INLINE F floor(F x) { return (F)_mm256_round_ps((__m256)x, 9); }
THIMBLE_INLINE F ceil(F x) { return (F)_mm256_round_ps((__m256)x, 10); }
THIMBLE_INLINE I to_int(F x) { return (I)_mm256_cvttps_epi32((__m256)x); }
#else
THIMBLE_INLINE F greater(F a, F b) { return a > b ? a : b; }
THIMBLE_INLINE F lesser(F a, F b) { return a < b ? a : b; }
#if THIMBLE_LANES == 4
THIMBLE_INLINE F fma(F a, F b, F c) { return (F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
THIMBLE_INLINE F sqrt(F x) { return (F)vsqrtq_f32((float32x4_t)x); }
THIMBLE_INLINE F round_even(F x) { return (F)vrndnq_f32((float32x4_t)x); }
THIMBLE_INLINE F floor(F x) { return (F)vrndmq_f32((float32x4_t)x); }
THIMBLE_INLINE F ceil(F x) { return (F)vrndpq_f32((float32x4_t)x); }
THIMBLE_INLINE I to_int(F x) { return (I)vcvtq_s32_f32((float32x4_t)x); }
#else
THIMBLE_INLINE F fma(F a, F b, F c) { return F{__builtin_fmaf(a[0], b[0], c[0])}; }
THIMBLE_INLINE F sqrt(F x) { return F{__builtin_sqrtf(x[0])}; }
THIMBLE_INLINE F round_even(F x) { return F{__builtin_nearbyintf(x[0])}; }
THIMBLE_INLINE F floor(F x) { return F{__builtin_floorf(x[0])}; }
THIMBLE_INLINE F ceil(F x) { return F{__builtin_ceilf(x[0])}; }
THIMBLE_INLINE I to_int(F x) { return I{static_cast<int32_t>(x[0])}; }
#endif
#endif

// max(lo, min(hi, x)) where a NaN stays a NaN.
THIMBLE_INLINE F clamp(F x, F lo, F hi) { return lesser(hi, greater(lo, x)); }

// A square of kLanes registers turned: lane r of register c becomes lane c of register r. log2(kLanes)
// rounds of interleaving the first half of the registers with the second.
THIMBLE_INLINE void transpose([[maybe_unused]] F (&v)[kLanes]) {
#if THIMBLE_LANES > 1
  THIMBLE_UNROLL
  for (int round = 1; round < kLanes; round *= 2) {
    F w[kLanes];
    THIMBLE_UNROLL
    for (int i = 0; i < kLanes / 2; ++i) {
      const F a = v[i], b = v[i + kLanes / 2];
#if THIMBLE_LANES == 16
      w[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      w[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif THIMBLE_LANES == 8
      w[2 * i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
      w[2 * i + 1] = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
      w[2 * i] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      w[2 * i + 1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
    }
    THIMBLE_UNROLL
    for (int i = 0; i < kLanes; ++i) v[i] = w[i];
  }
#endif
}

// A whole register, or its first n lanes.
struct Whole {};
struct Part {
  int64_t n;
};
THIMBLE_INLINE F load(const float* p, Whole) { return load(p); }
THIMBLE_INLINE F load(const float* p, Part part) { return load_part(p, part.n); }
THIMBLE_INLINE void store(float* p, F x, Whole) { store(p, x); }
THIMBLE_INLINE void store(float* p, F x, Part part) { store_part(p, x, part.n); }

// Calls body(i, run) for the runs of [0, total): Whole ones from i on, and the Part that is left.
template <class Body>
THIMBLE_INLINE void for_runs(int64_t total, Body body) {
  int64_t i = 0;
  for (; i + kLanes <= total; i += kLanes) body(i, Whole{});
  if constexpr (kLanes > 1) {
    if (i < total) body(i, Part{total - i});
  }
}

}  // namespace
}  // namespace thimble
