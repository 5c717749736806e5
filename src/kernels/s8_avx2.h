// AVX2 vector operations of the int8 kernels: 8 int32 lanes, requantisation and dequantisation of a
// vector of columns. Internal linkage: see s8_scalar.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/s8_scalar.h"

namespace thimble {
namespace {

inline __m256i first_lanes256(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count > 8 ? 8 : static_cast<int>(count)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// The low byte of every lane, in the low 8 bytes.
inline __m128i low_bytes(__m256i x) {
  const __m128i low = _mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  const __m256i packed = _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(low));
  return _mm_unpacklo_epi32(_mm256_castsi256_si128(packed), _mm256_extracti128_si256(packed, 1));
}

// requantise() of 8 lanes. The 64-bit products of even and odd lanes are rounded apart; bits 31…62 of
// an odd product lie in place after a doubling. The shift of an even product may be a logical one:
// only its low 32 bits are kept.
struct Scaling256 {
  __m256i even, odd, left, right, mask, half;

  Scaling256() = default;
  Scaling256(__m256i multiplier, __m256i shift) {
    const __m256i zero = _mm256_setzero_si256();
    even = multiplier;
    odd = _mm256_srli_epi64(multiplier, 32);
    left = _mm256_max_epi32(shift, zero);
    right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
    mask = _mm256_sub_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), right), _mm256_set1_epi32(1));
    half = _mm256_srli_epi32(mask, 1);
  }

  __m256i value(__m256i acc) const {
    const __m256i round = _mm256_set1_epi64x(int64_t{1} << 30);
    const __m256i a = _mm256_sllv_epi32(acc, left);
    const __m256i p_even = _mm256_add_epi64(_mm256_mul_epi32(a, even), round);
    const __m256i p_odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), odd), round);
    __m256i x = _mm256_blend_epi32(_mm256_srli_epi64(p_even, 31), _mm256_add_epi64(p_odd, p_odd), 0xAA);
    // Only INT_MIN · INT_MIN reaches INT_MIN here: adding −1 saturates it.
    x = _mm256_add_epi32(x, _mm256_cmpeq_epi32(x, _mm256_set1_epi32(INT32_MIN)));
    const __m256i threshold = _mm256_sub_epi32(half, _mm256_srai_epi32(x, 31));
    const __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(x, mask), threshold);
    return _mm256_sub_epi32(_mm256_srav_epi32(x, right), up);
  }
};

// requantise_byte for 8 columns.
struct Requant256 {
  Scaling256 scaling;
  __m256i zero_point, lo, hi;
  __m128i flip;

  Requant256() = default;
  Requant256(const RequantArgs& r, int64_t j, int64_t count) {
    const __m256i lanes = first_lanes256(count);
    scaling = Scaling256(_mm256_maskload_epi32(r.multiplier + j, lanes), _mm256_maskload_epi32(r.shift + j, lanes));
    zero_point = _mm256_set1_epi32(r.zero_point);
    lo = _mm256_set1_epi32(r.lo);
    hi = _mm256_set1_epi32(r.hi);
    flip = _mm_set1_epi8(static_cast<char>(r.flip));
  }

  __m128i bytes(__m256i acc) const {  // in the low 8 bytes
    const __m256i v = _mm256_add_epi32(scaling.value(acc), zero_point);
    return _mm_xor_si128(low_bytes(_mm256_min_epi32(_mm256_max_epi32(v, lo), hi)), flip);
  }

  void store_full(uint8_t* y, __m256i acc) const { _mm_storel_epi64(reinterpret_cast<__m128i*>(y), bytes(acc)); }
  void store_part(uint8_t* y, __m256i acc, int count) const {
    alignas(16) uint8_t out[16];
    _mm_store_si128(reinterpret_cast<__m128i*>(out), bytes(acc));
    for (int i = 0; i < count; ++i) y[i] = out[i];
  }
};

struct Dequant256 {
  __m256i lanes;
  __m256 scale, bias, lo, hi;
  __m256i column_sum;

  Dequant256(const GemmS8Args& a, int64_t j, int64_t count) {
    lanes = first_lanes256(count);
    scale = _mm256_maskload_ps(a.column_scale + j, lanes);
    bias = a.float_bias == nullptr ? _mm256_setzero_ps() : _mm256_maskload_ps(a.float_bias + j, lanes);
    column_sum = a.row_zero == nullptr ? _mm256_setzero_si256() : _mm256_maskload_epi32(a.column_sum + j, lanes);
    lo = _mm256_set1_ps(a.lo);
    hi = _mm256_set1_ps(a.hi);
  }
  void store(const GemmS8Args& a, float* y, int64_t m, __m256i acc) const {
    if (a.row_zero != nullptr)
      acc = _mm256_sub_epi32(acc, _mm256_mullo_epi32(_mm256_set1_epi32(a.row_zero[m]), column_sum));
    const __m256 x = _mm256_cvtepi32_ps(acc);
    const __m256 row = _mm256_set1_ps(a.row_scale[m]);
    __m256 v = a.column_scale_first ? _mm256_mul_ps(_mm256_mul_ps(x, scale), row)
                                    : _mm256_mul_ps(x, _mm256_mul_ps(row, scale));
    if (a.float_bias != nullptr) v = _mm256_add_ps(v, bias);
    // The second operand wins where one is NaN, as in `y < lo ? lo : y`.
    v = _mm256_min_ps(hi, _mm256_max_ps(lo, v));
    _mm256_maskstore_ps(y, lanes, v);
  }
};

// rounded_mean of 8 sums over one count.
struct Mean256 {
  __m256 count;
  __m256i half, lo, hi;
  __m128i flip;

  Mean256(int32_t n, int32_t lo_value, int32_t hi_value, uint8_t flip_value)
      : count(_mm256_set1_ps(n == 0 ? 1.0f : static_cast<float>(n))),
        half(_mm256_set1_epi32(n / 2)),
        lo(_mm256_set1_epi32(lo_value)),
        hi(_mm256_set1_epi32(hi_value)),
        flip(_mm_set1_epi8(static_cast<char>(flip_value))) {}
  void store(uint8_t* y, __m256i sum) const {
    const __m256i positive = _mm256_cmpgt_epi32(sum, _mm256_setzero_si256());
    const __m256i nudged = _mm256_blendv_epi8(_mm256_sub_epi32(sum, half), _mm256_add_epi32(sum, half), positive);
    __m256i q = _mm256_cvttps_epi32(_mm256_div_ps(_mm256_cvtepi32_ps(nudged), count));
    q = _mm256_min_epi32(_mm256_max_epi32(q, lo), hi);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y), _mm_xor_si128(low_bytes(q), flip));
  }
};

inline __m128i first_bytes(const void* x, int count) {  // count < 8
  uint64_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes |= uint64_t{static_cast<const uint8_t*>(x)[i]} << (8 * i);
  return _mm_cvtsi64_si128(static_cast<int64_t>(bytes));
}

struct S8Avx2Base {
  static constexpr int kLanes = 8;
  static constexpr int kPanelVectors = 2;
  using I = __m256i;
  using Scaling = Scaling256;
  using Requant = Requant256;
  using Dequant = Dequant256;

  static I zero() { return _mm256_setzero_si256(); }
  static I load(const int32_t* x) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)); }
  static void store(int32_t* y, I x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), x); }
  static I add(I x, I y) { return _mm256_add_epi32(x, y); }
  static I sub(I x, I y) { return _mm256_sub_epi32(x, y); }
  static I shift_left(I x, int count) { return _mm256_sll_epi32(x, _mm_cvtsi32_si128(count)); }
  static I mul(I x, I y) { return _mm256_mullo_epi32(x, y); }
  static I set(int32_t x) { return _mm256_set1_epi32(x); }
  static I widen_signed(const void* x) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(x))); }
  static I widen_unsigned(const void* x) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(x)));
  }

  // The first `count` values; the other lanes are 0 and nothing behind is read.
  static I widen_signed_part(const void* x, int count) { return _mm256_cvtepi8_epi32(first_bytes(x, count)); }
  static I widen_unsigned_part(const void* x, int count) { return _mm256_cvtepu8_epi32(first_bytes(x, count)); }

  // Pooling works on 16 bytes: channel counts of small networks seldom fill 32.
  static constexpr int kBytes = 16;
  using Bytes = __m128i;
  static Bytes set_bytes(int x) { return _mm_set1_epi8(static_cast<char>(x)); }
  static Bytes load_bytes(const uint8_t* x) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x)); }
  static void store_bytes(uint8_t* y, Bytes x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(y), x); }
  static Bytes max_signed(Bytes x, Bytes y) { return _mm_max_epi8(x, y); }
  static Bytes min_signed(Bytes x, Bytes y) { return _mm_min_epi8(x, y); }
  static Bytes max_unsigned(Bytes x, Bytes y) { return _mm_max_epu8(x, y); }
  static Bytes min_unsigned(Bytes x, Bytes y) { return _mm_min_epu8(x, y); }

  using Mean = Mean256;
};

}  // namespace
}  // namespace thimble
