// int8 depthwise convolution, NEON: 16 or 8 channels of up to 4 pixels at a time, the weights of a tap loaded once for
// them. An input less its zero point (−255 … 255) times a weight fits into 16 bits, sums are 32.
#include "kernels/depthwise_s8_generic.h"
#include "kernels/s8_fill.h"
#include "kernels/s8_neon.h"

namespace thimble {
namespace {

constexpr int kHalf = 8, kMostTaps = 32;  // channels of half a vector of bytes

template <bool kUnsigned>
inline int16x8_t less_zero(uint8x8_t x, int16x8_t zero) {
  const int16x8_t wide = kUnsigned ? vreinterpretq_s16_u16(vmovl_u8(x)) : vmovl_s8(vreinterpret_s8_u8(x));
  return vsubq_s16(wide, zero);
}

// Channels c0 … c0 + 8 · kHalves of pixels whose taps all lie inside: x[p·taps + t].
template <int kPixels, int kHalves, bool kUnsigned>
void block(const DepthwiseS8Args& a, const uint8_t* const* x, int64_t m, int64_t c0) {
  int32x4_t sum[kPixels][2 * kHalves];
#pragma GCC unroll 4
  for (int v = 0; v < 2 * kHalves; ++v) {
    const int32x4_t begin = a.bias ? vld1q_s32(a.bias + c0 + 4 * v) : vdupq_n_s32(0);
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p) sum[p][v] = begin;
  }
  const int16x8_t zero = vdupq_n_s16(static_cast<int16_t>(a.zero_point));
  for (int64_t t = 0; t < a.taps; ++t) {
    int16x8_t w[kHalves];
#pragma GCC unroll 2
    for (int h = 0; h < kHalves; ++h) w[h] = vmovl_s8(vld1_s8(a.w + t * a.channels + c0 + kHalf * h));
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p) {
      const uint8_t* const at = x[p * a.taps + t] + c0;
#pragma GCC unroll 2
      for (int h = 0; h < kHalves; ++h) {
        const int16x8_t value = less_zero<kUnsigned>(vld1_u8(at + kHalf * h), zero);
        sum[p][2 * h] = vmlal_s16(sum[p][2 * h], vget_low_s16(value), vget_low_s16(w[h]));
        sum[p][2 * h + 1] = vmlal_s16(sum[p][2 * h + 1], vget_high_s16(value), vget_high_s16(w[h]));
      }
    }
  }
  const NeonClamp clamp(a.requant);
#pragma GCC unroll 2
  for (int h = 0; h < kHalves; ++h) {
    const int64_t c = c0 + kHalf * h;
    const NeonRequant low(a.requant, c, 4), high(a.requant, c + 4, 4);
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p)
      vst1_u8(a.y + (m + p) * a.ldy + c, clamp.bytes(sum[p][2 * h], sum[p][2 * h + 1], low, high));
  }
}

// Eight channels or more: the last ones together with some before them where they do not fill half a vector.
template <int kPixels, bool kUnsigned>
void all_channels(const DepthwiseS8Args& a, const uint8_t* const* x, int64_t m) {
  int64_t c0 = 0;
  for (; c0 + 2 * kHalf <= a.channels; c0 += 2 * kHalf) block<kPixels, 2, kUnsigned>(a, x, m, c0);
  for (; c0 < a.channels; c0 += kHalf)
    block<kPixels, 1, kUnsigned>(a, x, m, c0 + kHalf <= a.channels ? c0 : a.channels - kHalf);
}
template <int kPixels>
void all_channels(const DepthwiseS8Args& a, const uint8_t* const* x, int64_t m) {
  a.x_unsigned ? all_channels<kPixels, true>(a, x, m) : all_channels<kPixels, false>(a, x, m);
}

// What lies in the padding is zero less zero point: a pixel there points at bytes that hold it. Few channels have that
// on the stack, many go by the plain body.
void depthwise_s8(const DepthwiseS8Args& a) {
  constexpr int kPixels = 4;
  constexpr int64_t kMostPadded = 1024;
  if (a.taps > kMostTaps || a.channels < kHalf) {
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
