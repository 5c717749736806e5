// AVX-512 vector operations of the int8 kernels: 16 int32 lanes, requantisation and dequantisation of
// a vector of columns. Internal linkage: see s8_scalar.h.
#pragma once

// GCC 12 reports the deliberately undefined pass-through operands inside its own intrinsics.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <cstdint>

#include "kernels/s8_scalar.h"

namespace thimble {
namespace {

inline __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xFFFFu : (1u << count) - 1u);
}

// requantise() of 16 lanes, any parameters. The 64-bit products of even and odd lanes are rounded
// and shifted apart; bits 31…62 of an odd product lie in place after a doubling.
struct Scaling512 {
  __m512i even, odd, left, right, mask, half;

  Scaling512() = default;
  Scaling512(__m512i multiplier, __m512i shift) {
    const __m512i zero = _mm512_setzero_si512();
    even = multiplier;
    odd = _mm512_srli_epi64(multiplier, 32);
    left = _mm512_max_epi32(shift, zero);
    right = _mm512_max_epi32(_mm512_sub_epi32(zero, shift), zero);
    mask = _mm512_sub_epi32(_mm512_sllv_epi32(_mm512_set1_epi32(1), right), _mm512_set1_epi32(1));
    half = _mm512_srli_epi32(mask, 1);
  }

  __m512i value(__m512i acc) const {
    const __m512i round = _mm512_set1_epi64(int64_t{1} << 30);
    const __m512i a = _mm512_sllv_epi32(acc, left);
    const __m512i p_even = _mm512_add_epi64(_mm512_mul_epi32(a, even), round);
    const __m512i p_odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), odd), round);
    __m512i x = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(p_even, 31), _mm512_add_epi64(p_odd, p_odd));
    // Only INT_MIN · INT_MIN reaches INT_MIN here: it saturates.
    x = _mm512_mask_sub_epi32(x, _mm512_cmpeq_epi32_mask(x, _mm512_set1_epi32(INT32_MIN)), x, _mm512_set1_epi32(1));
    const __m512i threshold = _mm512_sub_epi32(half, _mm512_srai_epi32(x, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, mask), threshold);
    const __m512i v = _mm512_srav_epi32(x, right);
    return _mm512_mask_add_epi32(v, up, v, _mm512_set1_epi32(1));
  }
};

// requantise_byte for 16 columns, any parameters (without the flip).
struct RequantAny512 {
  Scaling512 scaling;
  __m512i zero_point, lo, hi;

  RequantAny512() = default;
  RequantAny512(const RequantArgs& r, __m512i multiplier, __m512i shift)
      : scaling(multiplier, shift),
        zero_point(_mm512_set1_epi32(r.zero_point)),
        lo(_mm512_set1_epi32(r.lo)),
        hi(_mm512_set1_epi32(r.hi)) {}

  __m128i bytes(__m512i acc) const {
    const __m512i v = _mm512_add_epi32(scaling.value(acc), zero_point);
    return _mm512_cvtepi32_epi8(_mm512_min_epi32(_mm512_max_epi32(v, lo), hi));
  }
};

// The same for the parameters that ordinary networks have (right shifts e of 1 … 22, bounds of a
// byte type, zero point within them), with both roundings in one 64-bit step:
//   x = (p + 2^30) >> 31, v = (x + 2^(e−1) − [x < 0]) >> e      (half away from zero)
//     = (p + 2^30 + 2^(30+e) − [p < 0]·2^31) >> (31 + e)
// [p < 0] may stand for [x < 0]: they differ where −2^30 <= p < 0, x = 0, and there v is 0 either
// way. The zero point is added in the same sum, scaled by 2^(31+e). For unsigned bytes everything is
// moved down by 128, so that the signed saturating narrowing serves both.
struct Requant512 {
  __m512i even, odd, offset_even, offset_odd, shift_even, shift_odd;
  __m128i lo, hi, flip;
  RequantAny512 any;
  __m128i any_flip;
  bool ordinary;

  Requant512() = default;
  Requant512(const RequantArgs& r, int64_t j, int64_t count) {
    const __mmask16 lanes = first_lanes(count);
    const __m512i multiplier = _mm512_maskz_loadu_epi32(lanes, r.multiplier + j);
    const __m512i shift = _mm512_mask_loadu_epi32(_mm512_set1_epi32(-1), lanes, r.shift + j);
    any = RequantAny512(r, multiplier, shift);
    any_flip = _mm_set1_epi8(static_cast<char>(r.flip));
    const bool is_signed = r.lo >= -128 && r.hi <= 127, is_unsigned = r.lo >= 0 && r.hi <= 255;
    ordinary = (is_signed || is_unsigned) && r.zero_point >= -128 && r.zero_point <= 255 && r.lo <= r.hi &&
               _mm512_cmpge_epi32_mask(shift, _mm512_setzero_si512()) == 0 &&
               _mm512_cmplt_epi32_mask(shift, _mm512_set1_epi32(-22)) == 0;
    const int move = is_signed ? 0 : 128;
    even = multiplier;
    odd = _mm512_srli_epi64(multiplier, 32);
    const __m512i total = _mm512_sub_epi32(_mm512_set1_epi32(31), shift);  // 31 + e
    shift_even = _mm512_and_si512(total, _mm512_set1_epi64(0xFF));
    shift_odd = _mm512_srli_epi64(total, 32);
    offset_even = offset(shift_even, r.zero_point - move);
    offset_odd = offset(shift_odd, r.zero_point - move);
    lo = _mm_set1_epi8(static_cast<char>(r.lo - move));
    hi = _mm_set1_epi8(static_cast<char>(r.hi - move));
    flip = _mm_set1_epi8(static_cast<char>(r.flip ^ move));
  }

  // 2^30 + 2^(shift − 1) + zero_point · 2^shift
  static __m512i offset(__m512i shift, int32_t zero_point) {
    const __m512i one = _mm512_set1_epi64(1);
    const __m512i half = _mm512_srli_epi64(_mm512_sllv_epi64(one, shift), 1);
    return _mm512_add_epi64(_mm512_add_epi64(_mm512_sllv_epi64(_mm512_set1_epi64(zero_point), shift), half),
                            _mm512_set1_epi64(int64_t{1} << 30));
  }

  static __m512i rounded(__m512i p, __m512i offset, __m512i shift) {
    const __mmask8 negative = _mm512_movepi64_mask(p);
    p = _mm512_add_epi64(p, offset);
    return _mm512_srav_epi64(_mm512_mask_sub_epi64(p, negative, p, _mm512_set1_epi64(int64_t{1} << 31)), shift);
  }

  // v + zero point (moved down by 128 for unsigned bytes), not yet narrowed; only where `ordinary`.
  __m512i ordinary_value(__m512i acc) const {
    const __m512i x_even = rounded(_mm512_mul_epi32(acc, even), offset_even, shift_even);
    const __m512i x_odd = rounded(_mm512_mul_epi32(_mm512_srli_epi64(acc, 32), odd), offset_odd, shift_odd);
    return _mm512_mask_shuffle_epi32(x_even, 0xAAAA, x_odd, _MM_PERM_CCAA);
  }

  __m128i bytes(__m512i acc) const {
    if (!ordinary) return _mm_xor_si128(any.bytes(acc), any_flip);
    return _mm_xor_si128(_mm_min_epi8(_mm_max_epi8(_mm512_cvtsepi32_epi8(ordinary_value(acc)), lo), hi), flip);
  }

  void store_full(uint8_t* y, __m512i acc) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(y), bytes(acc)); }
  void store_part(uint8_t* y, __m512i acc, int count) const { _mm_mask_storeu_epi8(y, first_lanes(count), bytes(acc)); }
};

struct Dequant512 {
  __mmask16 lanes;
  __m512 scale, bias, lo, hi;
  __m512i column_sum;

  Dequant512(const GemmS8Args& a, int64_t j, int64_t count) {
    lanes = first_lanes(count);
    scale = _mm512_maskz_loadu_ps(lanes, a.column_scale + j);
    bias = a.float_bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(lanes, a.float_bias + j);
    column_sum = a.row_zero == nullptr ? _mm512_setzero_si512() : _mm512_maskz_loadu_epi32(lanes, a.column_sum + j);
    lo = _mm512_set1_ps(a.lo);
    hi = _mm512_set1_ps(a.hi);
  }
  void store(const GemmS8Args& a, float* y, int64_t m, __m512i acc) const {
    if (a.row_zero != nullptr)
      acc = _mm512_sub_epi32(acc, _mm512_mullo_epi32(_mm512_set1_epi32(a.row_zero[m]), column_sum));
    const __m512 x = _mm512_cvtepi32_ps(acc);
    const __m512 row = _mm512_set1_ps(a.row_scale[m]);
    __m512 v = a.column_scale_first ? _mm512_mul_ps(_mm512_mul_ps(x, scale), row)
                                    : _mm512_mul_ps(x, _mm512_mul_ps(row, scale));
    if (a.float_bias != nullptr) v = _mm512_add_ps(v, bias);
    // The second operand wins where one is NaN, as in `y < lo ? lo : y`.
    v = _mm512_min_ps(hi, _mm512_max_ps(lo, v));
    _mm512_mask_storeu_ps(y, lanes, v);
  }
};

// rounded_mean of 16 sums over one count.
struct Mean512 {
  __m512 count;
  __m512i half, lo, hi;
  __m128i flip;

  Mean512(int32_t n, int32_t lo_value, int32_t hi_value, uint8_t flip_value)
      : count(_mm512_set1_ps(n == 0 ? 1.0f : static_cast<float>(n))),
        half(_mm512_set1_epi32(n / 2)),
        lo(_mm512_set1_epi32(lo_value)),
        hi(_mm512_set1_epi32(hi_value)),
        flip(_mm_set1_epi8(static_cast<char>(flip_value))) {}
  void store(uint8_t* y, __m512i sum) const {
    const __mmask16 positive = _mm512_cmpgt_epi32_mask(sum, _mm512_setzero_si512());
    const __m512i nudged = _mm512_mask_add_epi32(_mm512_sub_epi32(sum, half), positive, sum, half);
    __m512i q = _mm512_cvttps_epi32(_mm512_div_ps(_mm512_cvtepi32_ps(nudged), count));
    q = _mm512_min_epi32(_mm512_max_epi32(q, lo), hi);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm_xor_si128(_mm512_cvtepi32_epi8(q), flip));
  }
};

struct S8Avx512Base {
  static constexpr int kLanes = 16;
  static constexpr int kPanelVectors = 4;
  using I = __m512i;
  using Scaling = Scaling512;
  using Requant = Requant512;
  using Dequant = Dequant512;

  static I zero() { return _mm512_setzero_si512(); }
  static I load(const int32_t* x) { return _mm512_loadu_si512(x); }
  static void store(int32_t* y, I x) { _mm512_storeu_si512(y, x); }
  static I add(I x, I y) { return _mm512_add_epi32(x, y); }
  static I sub(I x, I y) { return _mm512_sub_epi32(x, y); }
  static I shift_left(I x, int count) { return _mm512_sll_epi32(x, _mm_cvtsi32_si128(count)); }
  static I mul(I x, I y) { return _mm512_mullo_epi32(x, y); }
  static I set(int32_t x) { return _mm512_set1_epi32(x); }
  static I widen_signed(const void* x) { return _mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(x))); }
  static I widen_unsigned(const void* x) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(x)));
  }

  // The first `count` values; the other lanes are 0 and nothing behind is read.
  static I widen_signed_part(const void* x, int count) {
    return _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(first_lanes(count), x));
  }
  static I widen_unsigned_part(const void* x, int count) {
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(first_lanes(count), x));
  }

  // Pooling works on 16 bytes: channel counts of small networks seldom fill 64.
  static constexpr int kBytes = 16;
  using Bytes = __m128i;
  static Bytes set_bytes(int x) { return _mm_set1_epi8(static_cast<char>(x)); }
  static Bytes load_bytes(const uint8_t* x) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x)); }
  static void store_bytes(uint8_t* y, Bytes x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(y), x); }
  static Bytes max_signed(Bytes x, Bytes y) { return _mm_max_epi8(x, y); }
  static Bytes min_signed(Bytes x, Bytes y) { return _mm_min_epi8(x, y); }
  static Bytes max_unsigned(Bytes x, Bytes y) { return _mm_max_epu8(x, y); }
  static Bytes min_unsigned(Bytes x, Bytes y) { return _mm_min_epu8(x, y); }

  using Mean = Mean512;
};

inline __m512i broadcast4(const uint8_t* x) {
  int32_t bytes;
  __builtin_memcpy(&bytes, x, 4);
  return _mm512_set1_epi32(bytes);
}

}  // namespace
}  // namespace thimble
