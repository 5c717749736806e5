// int8 pooling, NEON of 64-bit and of 32-bit Arm: maxima of 16 or 8 bytes at a time, averages of 8.
#include <arm_neon.h>

#include "kernels/pool_s8_generic.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {

template <bool kUnsigned>
inline uint8x16_t larger(uint8x16_t x, uint8x16_t y) {
  if constexpr (kUnsigned) return vmaxq_u8(x, y);
  return vreinterpretq_u8_s8(vmaxq_s8(vreinterpretq_s8_u8(x), vreinterpretq_s8_u8(y)));
}
template <bool kUnsigned>
inline uint8x16_t smaller(uint8x16_t x, uint8x16_t y) {
  if constexpr (kUnsigned) return vminq_u8(x, y);
  return vreinterpretq_u8_s8(vminq_s8(vreinterpretq_s8_u8(x), vreinterpretq_s8_u8(y)));
}

struct Sixteen {
  static constexpr int64_t kBytes = 16;
  static uint8x16_t load(const uint8_t* x) { return vld1q_u8(x); }
  static void store(uint8_t* y, uint8x16_t x) { vst1q_u8(y, x); }
};
struct EightBytes {
  static constexpr int64_t kBytes = 8;
  static uint8x16_t load(const uint8_t* x) { return vcombine_u8(vld1_u8(x), vdup_n_u8(0)); }
  static void store(uint8_t* y, uint8x16_t x) { vst1_u8(y, vget_low_u8(x)); }
};

// The last channels of a row are done with those before them where they do not fill a vector.
template <class Vector, bool kUnsigned>
void max_rows(const PoolS8Args& a) {
  const uint8x16_t lowest = vdupq_n_u8(kUnsigned ? 0 : 0x80), lo = vdupq_n_u8(static_cast<uint8_t>(a.lo)),
                   hi = vdupq_n_u8(static_cast<uint8_t>(a.hi));
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* offsets = a.offsets + m * a.taps;
    uint8_t* y = a.y + m * a.channels;
    for (int64_t c = 0; c < a.channels; c += Vector::kBytes) {
      const int64_t at = c + Vector::kBytes <= a.channels ? c : a.channels - Vector::kBytes;
      uint8x16_t best = lowest;
      for (int64_t t = 0; t < a.taps; ++t)
        if (offsets[t] >= 0) best = larger<kUnsigned>(best, Vector::load(a.x + offsets[t] + at));
      Vector::store(y + at, smaller<kUnsigned>(larger<kUnsigned>(best, lo), hi));
    }
  }
}

template <class Vector>
void max_bytes(const PoolS8Args& a) {
  return a.x_unsigned ? max_rows<Vector, true>(a) : max_rows<Vector, false>(a);
}

// The clamping bounds as bytes: what lies beyond the type's range bounds nothing.
bool byte_bounds(const PoolS8Args& a) { return a.x_unsigned ? a.lo >= 0 && a.hi <= 255 : a.lo >= -128 && a.hi <= 127; }

void max_s8(const PoolS8Args& a) {
  if (a.channels < EightBytes::kBytes || !byte_bounds(a)) return generic_max_s8(a);
  return a.channels < Sixteen::kBytes ? max_bytes<EightBytes>(a) : max_bytes<Sixteen>(a);
}

// Sums of the taps under one pixel, of 8 channels. Up to 128 bytes stay within 16 bits.
template <bool kUnsigned>
inline void add_taps(const PoolS8Args& a, const int32_t* offsets, int64_t channel, int32x4_t* low, int32x4_t* high) {
  for (int64_t first = 0; first < a.taps; first += 128) {
    const int64_t end = first + 128 < a.taps ? first + 128 : a.taps;
    int16x8_t sum = vdupq_n_s16(0);
    for (int64_t t = first; t < end; ++t) {
      if (offsets[t] < 0) continue;
      const uint8x8_t x = vld1_u8(a.x + offsets[t] + channel);
      sum = vaddq_s16(sum, kUnsigned ? vreinterpretq_s16_u16(vmovl_u8(x)) : vmovl_s8(vreinterpret_s8_u8(x)));
    }
    *low = vaddw_s16(*low, vget_low_s16(sum));
    *high = vaddw_s16(*high, vget_high_s16(sum));
  }
}

template <bool kUnsigned>
void average_rows(const PoolS8Args& a) {
  constexpr int64_t kChannels = 8;
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* offsets = a.offsets + m * a.taps;
    int32_t count = 0;
    for (int64_t t = 0; t < a.taps; ++t) count += offsets[t] >= 0 ? 1 : 0;
    for (int64_t c = 0; c < a.channels; c += kChannels) {
      const int64_t at = c + kChannels <= a.channels ? c : a.channels - kChannels;
      int32x4_t low = vdupq_n_s32(-count * a.zero_point), high = low;
      add_taps<kUnsigned>(a, offsets, at, &low, &high);
      int32_t sums[kChannels];
      vst1q_s32(sums, low);
      vst1q_s32(sums + 4, high);
      uint8_t* y = a.y + m * a.channels + at;
      for (int64_t i = 0; i < kChannels; ++i)
        y[i] = static_cast<uint8_t>(clamp_byte(rounded_mean(sums[i], count), a.lo, a.hi) ^ a.flip);
    }
  }
}

void average_s8(const PoolS8Args& a) {
  if (a.channels < 8 || a.taps > 65536) return generic_average_s8(a);
  return a.x_unsigned ? average_rows<true>(a) : average_rows<false>(a);
}

}  // namespace

void fill_pool_s8_neon(PoolKernels& table) {
  table.max_s8 = max_s8;
  table.average_s8 = average_s8;
}

}  // namespace thimble
