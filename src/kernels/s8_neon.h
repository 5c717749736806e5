// The int8 kernels' common parts for NEON, of 64-bit and of 32-bit Arm: requantisation of four sums at a time.
#pragma once

#include <arm_neon.h>

#include "kernels/s8_scalar.h"

namespace thimble {
namespace {

// Sums of neighbours: a0+a1, a2+a3, b0+b1, b2+b3.
inline int32x4_t add_pairs(int32x4_t a, int32x4_t b) {
#if defined(__aarch64__)
  return vpaddq_s32(a, b);
#else
  return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)), vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
#endif
}

// requantise() and requantise_byte() of s8_scalar.h, four columns at once.
struct NeonRequant {
  int32x4_t multiplier, left, right;  // right: negative

  NeonRequant() = default;
  // Columns j … j + 3, of which `columns` are there.
  NeonRequant(const RequantArgs& r, int64_t j, int64_t columns) {
    int32_t m[4] = {}, l[4] = {}, n[4] = {};
    for (int i = 0; i < 4 && i < columns; ++i) {
      m[i] = r.multiplier[j + i];
      l[i] = r.shift[j + i] > 0 ? r.shift[j + i] : 0;
      n[i] = r.shift[j + i] > 0 ? 0 : r.shift[j + i];
    }
    multiplier = vld1q_s32(m), left = vld1q_s32(l), right = vld1q_s32(n);
  }

  // The values before they are clamped to bytes, zero point added.
  int32x4_t value(int32x4_t acc, int32x4_t zero) const {
    const int32x4_t x = vqrdmulhq_s32(vshlq_s32(acc, left), multiplier);
    // vrshl rounds halves up; away from zero is one less for what is negative. Where nothing is shifted, nothing is
    // added.
    const int32x4_t down = vshrq_n_s32(vandq_s32(x, right), 31);
    return vaddq_s32(vrshlq_s32(vqaddq_s32(x, down), right), zero);
  }
};

#if defined(__aarch64__)
// requantise_byte_in_double() of s8_scalar.h before its clamp: fcvta rounds halves away from zero; what leaves int32
// saturates, which no clamp to bytes can tell from 10^9.
struct NeonScales {
  float64x2_t scale[4];

  NeonScales() = default;
  NeonScales(const RequantArgs& r, int64_t j, int64_t columns) {
    double part[8] = {};
    const double* from = r.scale + j;
    if (columns < 8) {
      for (int64_t i = 0; i < columns; ++i) part[i] = from[i];
      from = part;
    }
    for (int i = 0; i < 4; ++i) scale[i] = vld1q_f64(from + 2 * i);
  }

  static int32x2_t two(int32x2_t acc, float64x2_t by) {
    return vqmovn_s64(vcvtaq_s64_f64(vmulq_f64(vcvtq_f64_s64(vmovl_s32(acc)), by)));
  }
  // Columns 0 … 3 with kHalf 0, 4 … 7 with 1.
  template <int kHalf>
  int32x4_t value(int32x4_t acc, int32x4_t zero) const {
    return vqaddq_s32(
        vcombine_s32(two(vget_low_s32(acc), scale[2 * kHalf]), two(vget_high_s32(acc), scale[2 * kHalf + 1])), zero);
  }
};
#endif

struct NeonClamp {
  int32x4_t zero, lo, hi;
  uint8x8_t flip;
  explicit NeonClamp(const RequantArgs& r)
      : zero(vdupq_n_s32(r.zero_point)), lo(vdupq_n_s32(r.lo)), hi(vdupq_n_s32(r.hi)), flip(vdup_n_u8(r.flip)) {}

  // Eight sums to eight bytes.
  uint8x8_t bytes(int32x4_t a, int32x4_t b, const NeonRequant& ra, const NeonRequant& rb) const {
    return narrow(ra.value(a, zero), rb.value(b, zero));
  }
#if defined(__aarch64__)
  uint8x8_t bytes(int32x4_t a, int32x4_t b, const NeonScales& r) const {
    return narrow(r.value<0>(a, zero), r.value<1>(b, zero));
  }
#endif

  // Eight values, zero point added, to eight bytes.
  uint8x8_t narrow(int32x4_t a, int32x4_t b) const {
    const int32x4_t x = vminq_s32(vmaxq_s32(a, lo), hi), y = vminq_s32(vmaxq_s32(b, lo), hi);
    // lo … hi is a range of int8 or of uint8: the low byte is what counts.
    const int16x8_t words = vcombine_s16(vmovn_s32(x), vmovn_s32(y));
    return veor_u8(vreinterpret_u8_s8(vmovn_s16(words)), flip);
  }
};

inline void store_bytes(uint8_t* out, uint8x8_t bytes, int64_t columns) {
  if (columns >= 8) {
    vst1_u8(out, bytes);
    return;
  }
  uint8_t part[8];
  vst1_u8(part, bytes);
  for (int64_t j = 0; j < columns; ++j) out[j] = part[j];
}

}  // namespace
}  // namespace thimble
