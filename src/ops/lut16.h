// Functions of int16 by a table of 513 entries: an entry per 128 inputs and one more, with straight lines between them,
// each entry moved by half of the line's error in the middle of its piece. As TensorFlow Lite's LUTPopulate and
// LUTLookup compute it, in Real: float for elementwise functions, double for softmax.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace thimble {

inline constexpr int kLut16 = 513;

template <class Real, class F>
void fill_lut_16(Real in_scale, int32_t in_zero, Real out_scale, int32_t out_zero, F f, int32_t lut[kLut16]) {
  constexpr int kSteps = kLut16 - 1;
  const Real least = in_scale * static_cast<Real>(-32768 - in_zero),
             most = in_scale * static_cast<Real>(32767 - in_zero);
  const Real out_least = out_scale * static_cast<Real>(-32768 - out_zero);
  const Real out_most = out_scale * static_cast<Real>(32767 - out_zero);
  const Real step = (most - least) / kSteps, half = step / 2;
  const Real inverse = Real{65536} / (out_most - out_least);
  const auto entry = [](Real v) {
    return v == v ? static_cast<int32_t>(std::min(std::max(v, Real{-32768}), Real{32767})) : 0;
  };
  for (int i = 0; i < kSteps; ++i) {
    const Real from = least + static_cast<Real>(i) * step;
    const Real value = f(from), middle = f(from + half), next = f(least + static_cast<Real>(i + 1) * step);
    const Real sample = std::round(value * inverse);
    const Real line = std::round((next * inverse + sample) / 2);
    const Real error = line - std::round(middle * inverse);
    lut[i] = entry(sample - std::round(error / 2));
  }
  lut[kSteps] = entry(std::round(f(most) * inverse));
}

inline int16_t lookup_16(int32_t q, const int32_t lut[kLut16]) {
  const int32_t index = 256 + (q >> 7);
  const auto slope = static_cast<int16_t>(lut[index + 1] - lut[index]);
  return static_cast<int16_t>(lut[index] + ((slope * (q & 0x7f) + 64) >> 7));
}

}  // namespace thimble
