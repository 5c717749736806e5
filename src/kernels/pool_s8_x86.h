// int8 pooling of the x86 tables, over the vector operations of one instruction set: maxima on whole
// byte vectors, averages on int32 lanes. The division of an average is done in float32: sums and
// counts stay below 2^24, where the truncated quotient of two integers is exact.
#pragma once

#include "kernels/pool_s8_generic.h"

namespace thimble {
namespace {

// Channels [c, c + kBytes) of one pixel.
template <bool kUnsigned>
inline void max_vector(const PoolS8Args& a, const int32_t* offsets, int64_t c, uint8_t* y, S8::Bytes lo, S8::Bytes hi) {
  S8::Bytes best = S8::set_bytes(kUnsigned ? 0 : 0x80);
  for (int64_t t = 0; t < a.taps; ++t) {
    if (offsets[t] < 0) continue;
    const S8::Bytes x = S8::load_bytes(a.x + offsets[t] + c);
    best = kUnsigned ? S8::max_unsigned(best, x) : S8::max_signed(best, x);
  }
  best = kUnsigned ? S8::min_unsigned(S8::max_unsigned(best, lo), hi) : S8::min_signed(S8::max_signed(best, lo), hi);
  S8::store_bytes(y + c, best);
}

template <bool kUnsigned>
void max_rows(const PoolS8Args& a) {
  const S8::Bytes lo = S8::set_bytes(a.lo), hi = S8::set_bytes(a.hi);
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* offsets = a.offsets + m * a.taps;
    uint8_t* y = a.y + m * a.channels;
    for (int64_t c = 0; c < a.channels; c += S8::kBytes) {
      const int64_t at = c + S8::kBytes <= a.channels ? c : a.channels - S8::kBytes;
      max_vector<kUnsigned>(a, offsets, at, y, lo, hi);
    }
  }
}

// The clamping bounds as bytes: what lies beyond the type's range bounds nothing.
inline bool byte_bounds(const PoolS8Args& a) {
  return a.x_unsigned ? a.lo >= 0 && a.hi <= 255 : a.lo >= -128 && a.hi <= 127;
}

void max_s8(const PoolS8Args& a) {
  if (a.channels < S8::kBytes || !byte_bounds(a)) return generic_max_s8(a);
  return a.x_unsigned ? max_rows<true>(a) : max_rows<false>(a);
}

template <bool kUnsigned>
void average_rows(const PoolS8Args& a) {
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* offsets = a.offsets + m * a.taps;
    int32_t count = 0;
    for (int64_t t = 0; t < a.taps; ++t) count += offsets[t] >= 0 ? 1 : 0;
    const S8::Mean mean(count, a.lo, a.hi, a.flip);
    const S8::I start = S8::set(-count * a.zero_point);
    for (int64_t c = 0; c < a.channels; c += S8::kLanes) {
      const int64_t at = c + S8::kLanes <= a.channels ? c : a.channels - S8::kLanes;
      S8::I sum = start;
      for (int64_t t = 0; t < a.taps; ++t) {
        if (offsets[t] < 0) continue;
        const uint8_t* x = a.x + offsets[t] + at;
        sum = S8::add(sum, kUnsigned ? S8::widen_unsigned(x) : S8::widen_signed(x));
      }
      mean.store(a.y + m * a.channels + at, sum);
    }
  }
}

void average_s8(const PoolS8Args& a) {
  if (a.channels < S8::kLanes || a.taps > 65536) return generic_average_s8(a);
  return a.x_unsigned ? average_rows<true>(a) : average_rows<false>(a);
}

}  // namespace
}  // namespace thimble
