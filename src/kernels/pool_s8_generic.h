// int8 pooling in plain C++: the scalar and NEON tables, and channel tails
// elsewhere.
#pragma once

#include "kernels/pool.h"

namespace thimble {
namespace {

inline uint8_t clamp_byte(int32_t v, int32_t lo, int32_t hi) {
  return static_cast<uint8_t>(v < lo ? lo : v > hi ? hi : v);
}

inline int32_t pool_value(const PoolS8Args& a, uint8_t byte) {
  return a.x_unsigned ? int32_t{byte} : int32_t{static_cast<int8_t>(byte)};
}

// Σ / count, halves away from zero (TFLite's average pooling and MEAN); 0 for
// an empty window.
inline int32_t rounded_mean(int32_t sum, int32_t count) {
  if (count == 0) return 0;
  return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

// Channels [c0, channels) of pixel m. An empty window gives the type's lowest
// value, clamped.
inline void generic_max_pixel(const PoolS8Args& a, int64_t m, int64_t c0) {
  for (int64_t c = c0; c < a.channels; ++c) {
    int32_t best = a.x_unsigned ? 0 : -128;
    for (int64_t t = 0; t < a.taps; ++t) {
      const int32_t o = a.offsets[m * a.taps + t];
      if (o < 0) continue;
      const int32_t v = pool_value(a, a.x[o + c]);
      best = v > best ? v : best;
    }
    a.y[m * a.channels + c] = clamp_byte(best, a.lo, a.hi);
  }
}

inline void generic_average_pixel(const PoolS8Args& a, int64_t m, int64_t c0) {
  for (int64_t c = c0; c < a.channels; ++c) {
    int32_t sum = 0, count = 0;
    for (int64_t t = 0; t < a.taps; ++t) {
      const int32_t o = a.offsets[m * a.taps + t];
      if (o < 0) continue;
      sum += pool_value(a, a.x[o + c]) - a.zero_point;
      ++count;
    }
    a.y[m * a.channels + c] = static_cast<uint8_t>(clamp_byte(rounded_mean(sum, count), a.lo, a.hi) ^ a.flip);
  }
}

[[maybe_unused]] void generic_max_s8(const PoolS8Args& a) {
  for (int64_t m = 0; m < a.m; ++m) generic_max_pixel(a, m, 0);
}

[[maybe_unused]] void generic_average_s8(const PoolS8Args& a) {
  for (int64_t m = 0; m < a.m; ++m) generic_average_pixel(a, m, 0);
}

}  // namespace
}  // namespace thimble
