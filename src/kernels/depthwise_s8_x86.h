// int8 depthwise convolution of the x86 tables, over the vector operations of one instruction set.
// One vector of channels at a time, kPixels output pixels side by side so that a tap's weights are
// widened once for all of them. The zero point is folded into the starting sum as if every tap were
// inside the image; a tap outside reads a block that holds the zero point, which cancels it exactly.
#pragma once

#include "kernels/depthwise_s8_generic.h"

namespace thimble {
namespace {

constexpr int kPixels = 4;
constexpr int64_t kPixelBlock = 64;  // pixels per sweep over the channels: their input stays near

// A vector of channels as int32: the first `count` ones where kPart.
template <bool kUnsigned, bool kPart>
inline S8::I widen(const void* x, int count) {
  if constexpr (kPart) {
    return kUnsigned ? S8::widen_unsigned_part(x, count) : S8::widen_signed_part(x, count);
  } else {
    return kUnsigned ? S8::widen_unsigned(x) : S8::widen_signed(x);
  }
}

template <bool kUnsigned, bool kPart, int kCount>
inline void depthwise_tile(const DepthwiseS8Args& a, int64_t m, int64_t c, int count, const uint8_t* padding,
                           S8::I start, S8::I sums[kCount]) {
#pragma GCC unroll 8
  for (int p = 0; p < kCount; ++p) sums[p] = start;
  const int32_t* offsets = a.offsets + m * a.taps;
  const int8_t* w = a.w + c;
  const uint8_t* x = a.x + c;
  for (int64_t t = 0; t < a.taps; ++t, w += a.channels) {
    const S8::I weights = widen<false, kPart>(w, count);
#pragma GCC unroll 8
    for (int p = 0; p < kCount; ++p) {
      const int32_t o = offsets[p * a.taps + t];
      const uint8_t* from = o < 0 ? padding : x + o;
      sums[p] = S8::add(sums[p], S8::mul(widen<kUnsigned, kPart>(from, count), weights));
    }
  }
}

// Channels [c, c + count) of pixels [m0, m1); count is kLanes unless kPart.
template <bool kUnsigned, bool kPart>
void depthwise_vector(const DepthwiseS8Args& a, int64_t m0, int64_t m1, int64_t c, int count) {
  alignas(64) uint8_t padding[S8::kLanes];
  for (uint8_t& byte : padding) byte = static_cast<uint8_t>(a.zero_point);
  S8::I weight_sum = S8::zero();
  for (int64_t t = 0; t < a.taps; ++t)
    weight_sum = S8::add(weight_sum, widen<false, kPart>(a.w + t * a.channels + c, count));
  alignas(64) int32_t bias[S8::kLanes] = {};
  for (int i = 0; i < count && a.bias != nullptr; ++i) bias[i] = a.bias[c + i];
  const S8::I start = S8::add(S8::mul(weight_sum, S8::set(-a.zero_point)), S8::load(bias));
  const S8::Requant requant(a.requant, c, count);
  uint8_t* y = a.y + c;
  int64_t m = m0;
  S8::I sums[kPixels];
  for (; m + kPixels <= m1; m += kPixels) {
    depthwise_tile<kUnsigned, kPart, kPixels>(a, m, c, count, padding, start, sums);
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) {
      if constexpr (kPart)
        requant.store_part(y + (m + p) * a.ldy, sums[p], count);
      else
        requant.store_full(y + (m + p) * a.ldy, sums[p]);
    }
  }
  for (; m < m1; ++m) {
    depthwise_tile<kUnsigned, kPart, 1>(a, m, c, count, padding, start, sums);
    if constexpr (kPart)
      requant.store_part(y + m * a.ldy, sums[0], count);
    else
      requant.store_full(y + m * a.ldy, sums[0]);
  }
}

template <bool kUnsigned>
void depthwise_rows(const DepthwiseS8Args& a) {
  for (int64_t m0 = 0; m0 < a.m; m0 += kPixelBlock) {
    const int64_t m1 = m0 + kPixelBlock < a.m ? m0 + kPixelBlock : a.m;
    if (a.channels < S8::kLanes) {
      depthwise_vector<kUnsigned, true>(a, m0, m1, 0, static_cast<int>(a.channels));
      continue;
    }
    for (int64_t c = 0; c < a.channels; c += S8::kLanes) {
      // The last vector overlaps the one before where the channels do not divide: same values again.
      const int64_t at = c + S8::kLanes <= a.channels ? c : a.channels - S8::kLanes;
      depthwise_vector<kUnsigned, false>(a, m0, m1, at, S8::kLanes);
    }
  }
}

void depthwise_s8(const DepthwiseS8Args& a) {
  // The padding block holds the zero point as a byte, so it must be one of the activation's type.
  const bool byte_zero_point =
      a.x_unsigned ? a.zero_point >= 0 && a.zero_point <= 255 : a.zero_point >= -128 && a.zero_point <= 127;
  if (!byte_zero_point) {
    generic_depthwise_s8(a);
  } else if (a.x_unsigned) {
    depthwise_rows<true>(a);
  } else {
    depthwise_rows<false>(a);
  }
}

}  // namespace
}  // namespace thimble
