// int8 depthwise convolution, NEON: 16 channels of up to 4 pixels at a time, the weights of a tap loaded once for them.
// An input less its zero point (−255 … 255) times a weight fits into 16 bits, sums are 32.
#include "kernels/depthwise_s8_generic.h"
#include "kernels/s8_fill.h"
#include "kernels/s8_neon.h"

namespace thimble {
namespace {

constexpr int kChannels = 16, kMostTaps = 32;

inline int16x8_t less_zero(uint8x8_t x, bool is_unsigned, int16x8_t zero) {
  const int16x8_t wide = is_unsigned ? vreinterpretq_s16_u16(vmovl_u8(x)) : vmovl_s8(vreinterpret_s8_u8(x));
  return vsubq_s16(wide, zero);
}

// Channels c0 … c0 + 15 of pixels whose taps all lie inside: x[p·taps + t].
template <int kPixels, bool kUnsigned>
void block(const DepthwiseS8Args& a, const uint8_t* const* x, int64_t m, int64_t c0) {
  int32x4_t sum[kPixels][4];
#pragma GCC unroll 4
  for (int v = 0; v < 4; ++v) {
    const int32x4_t begin = a.bias ? vld1q_s32(a.bias + c0 + 4 * v) : vdupq_n_s32(0);
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p) sum[p][v] = begin;
  }
  const int16x8_t zero = vdupq_n_s16(static_cast<int16_t>(a.zero_point));
  for (int64_t t = 0; t < a.taps; ++t) {
    const int8x16_t w = vld1q_s8(a.w + t * a.channels + c0);
    const int16x8_t w_low = vmovl_s8(vget_low_s8(w)), w_high = vmovl_s8(vget_high_s8(w));
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p) {
      const uint8x16_t bytes = vld1q_u8(x[p * a.taps + t] + c0);
      const int16x8_t low = less_zero(vget_low_u8(bytes), kUnsigned, zero);
      const int16x8_t high = less_zero(vget_high_u8(bytes), kUnsigned, zero);
      sum[p][0] = vmlal_s16(sum[p][0], vget_low_s16(low), vget_low_s16(w_low));
      sum[p][1] = vmlal_s16(sum[p][1], vget_high_s16(low), vget_high_s16(w_low));
      sum[p][2] = vmlal_s16(sum[p][2], vget_low_s16(high), vget_low_s16(w_high));
      sum[p][3] = vmlal_s16(sum[p][3], vget_high_s16(high), vget_high_s16(w_high));
    }
  }
  const NeonClamp clamp(a.requant);
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const NeonRequant low(a.requant, c0 + 8 * half, 4), high(a.requant, c0 + 8 * half + 4, 4);
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p)
      vst1_u8(a.y + (m + p) * a.ldy + c0 + 8 * half, clamp.bytes(sum[p][2 * half], sum[p][2 * half + 1], low, high));
  }
}

template <int kPixels>
void all_channels(const DepthwiseS8Args& a, const uint8_t* const* x, int64_t m) {
  int64_t c0 = 0;
  for (; c0 + kChannels <= a.channels; c0 += kChannels)
    a.x_unsigned ? block<kPixels, true>(a, x, m, c0) : block<kPixels, false>(a, x, m, c0);
  if (c0 == a.channels) return;
  for (int p = 0; p < kPixels; ++p) generic_depthwise_block(a, m + p, c0, static_cast<int>(a.channels - c0));
}

// What lies in the padding is zero less zero point: a pixel there points at bytes that hold it. Few channels have that
// on the stack, many go by the plain body.
void depthwise_s8(const DepthwiseS8Args& a) {
  constexpr int kPixels = 4;
  constexpr int64_t kMostPadded = 1024;
  if (a.taps > kMostTaps || a.channels < kChannels) {
    generic_depthwise_s8(a);
    return;
  }
  uint8_t padding[kMostPadded];
  const bool padded = a.channels <= kMostPadded;
  if (padded) __builtin_memset(padding, static_cast<uint8_t>(a.zero_point), static_cast<size_t>(a.channels));
  const uint8_t* x[kPixels * kMostTaps];
  // Pointers of pixel m; whether all of them are.
  const auto point = [&](int64_t m, const uint8_t** to) {
    bool whole = true;
    for (int64_t t = 0; t < a.taps; ++t) {
      const int32_t o = a.offsets[m * a.taps + t];
      to[t] = o < 0 ? padding : a.x + o;
      whole = whole && (o >= 0 || padded);
    }
    return whole;
  };
  for (int64_t m = 0; m < a.m;) {
    int ready = 0;
    while (ready < kPixels && m + ready < a.m && point(m + ready, x + ready * a.taps)) ++ready;
    if (ready == kPixels) {
      all_channels<kPixels>(a, x, m);
    } else {
      for (int p = 0; p < ready; ++p) all_channels<1>(a, x + p * a.taps, m + p);
    }
    m += ready;
    if (ready < kPixels && m < a.m) {  // one with padding that has no place here
      for (int64_t c0 = 0; c0 < a.channels; c0 += kGenericChannels)
        generic_depthwise_block(
            a, m, c0, static_cast<int>(a.channels - c0 < kGenericChannels ? a.channels - c0 : kGenericChannels));
      ++m;
    }
  }
}

}  // namespace

void fill_depthwise_s8_neon(DepthwiseKernels& table) { table.s8 = depthwise_s8; }

}  // namespace thimble
