// int8 depthwise convolution in plain C++: the scalar and NEON tables, and the
// channels that do not fill a vector elsewhere.
#pragma once

#include "kernels/depthwise.h"
#include "kernels/s8_scalar.h"

namespace thimble {
namespace {

constexpr int kGenericChannels = 16;

// Channels [c0, c0 + count), count <= 16, of pixel m.
inline void generic_depthwise_block(const DepthwiseS8Args& a, int64_t m, int64_t c0, int count) {
  uint32_t sum[kGenericChannels];  // unsigned: sums wrap
  for (int c = 0; c < count; ++c) sum[c] = a.bias == nullptr ? 0u : static_cast<uint32_t>(a.bias[c0 + c]);
  for (int64_t t = 0; t < a.taps; ++t) {
    const int32_t o = a.offsets[m * a.taps + t];
    if (o < 0) continue;
    const uint8_t* x = a.x + o + c0;
    const int8_t* w = a.w + t * a.channels + c0;
    if (a.x_unsigned) {
      for (int c = 0; c < count; ++c) sum[c] += static_cast<uint32_t>((x[c] - a.zero_point) * w[c]);
    } else {
      for (int c = 0; c < count; ++c)
        sum[c] += static_cast<uint32_t>((static_cast<int8_t>(x[c]) - a.zero_point) * w[c]);
    }
  }
  for (int c = 0; c < count; ++c)
    a.y[m * a.ldy + c0 + c] = requantise_byte(static_cast<int32_t>(sum[c]), a.requant, c0 + c);
}

[[maybe_unused]] void generic_depthwise_s8(const DepthwiseS8Args& a) {
  for (int64_t m = 0; m < a.m; ++m) {
    int64_t c0 = 0;
    for (; c0 + kGenericChannels <= a.channels; c0 += kGenericChannels)
      generic_depthwise_block(a, m, c0, kGenericChannels);
    if (c0 < a.channels) generic_depthwise_block(a, m, c0, static_cast<int>(a.channels - c0));
  }
}

}  // namespace
}  // namespace thimble
