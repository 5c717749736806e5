// The fixed-point arithmetic of integer networks, as gemmlowp defines it and TFLite's default build
// (double rounding, TFLITE_SINGLE_ROUNDING=0) uses it. Every integer kernel's scalar form calls
// these; vector forms are tested against them. What C needs of it stands in base/c99.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/c99.h"

namespace thimble {

// a · b / 2^31, rounded to nearest with ties toward +∞. min · min saturates.
constexpr int32_t saturating_rounding_doubling_high_mul(int32_t a, int32_t b) { return thimble_high_mul(a, b); }

// The 16-bit form: round(a · b / 2^15).
constexpr int16_t saturating_rounding_doubling_high_mul(int16_t a, int16_t b) {
  if (a == b && a == std::numeric_limits<int16_t>::min()) return std::numeric_limits<int16_t>::max();
  const int32_t product = static_cast<int32_t>(a) * b;
  const int32_t nudge = product >= 0 ? (1 << 14) : 1 - (1 << 14);
  return static_cast<int16_t>((product + nudge) / (1 << 15));
}

// round(x / 2^exponent), half away from zero; exponent in [0, 31].
constexpr int32_t rounding_divide_by_pot(int32_t x, int exponent) { return thimble_divide_by_power(x, exponent); }

// x · 2^exponent, saturated; a negative exponent divides with rounding_divide_by_pot.
constexpr int32_t saturating_rounding_multiply_by_pot(int32_t x, int exponent) {
  if (exponent <= 0) return rounding_divide_by_pot(x, std::min(-exponent, 31));
  const int64_t wide = static_cast<int64_t>(x) * (int64_t{1} << std::min(exponent, 31));
  return static_cast<int32_t>(
      std::clamp<int64_t>(wide, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

// x · multiplier · 2^(shift − 31): left shift first (wrapping), then the doubling high multiply, then
// the rounding right shift. shift in [−31, 30] for every multiplier that quantize_multiplier gives to
// a legal model; lower shifts act as −31.
constexpr int32_t multiply_by_quantized_multiplier(int32_t x, int32_t multiplier, int shift) {
  return thimble_rescale(x, multiplier, shift);
}

// real = multiplier · 2^(shift − 31) with multiplier in [2^30, 2^31): frexp, rounded to 31 bits (half
// away from zero). 0 gives (0, 0), and so does anything below 2^−32. `real` must be finite and ≥ 0;
// anything else gives (0, 0) too: validation refuses such scales before.
inline void quantize_multiplier(double real, int32_t* multiplier, int* shift) {
  *multiplier = 0;
  *shift = 0;
  if (!(real > 0) || !std::isfinite(real)) return;
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);
  auto fixed = static_cast<int64_t>(std::round(fraction * static_cast<double>(int64_t{1} << 31)));
  if (fixed == int64_t{1} << 31) {
    fixed /= 2;
    ++exponent;
  }
  if (exponent < -31) return;
  *multiplier = static_cast<int32_t>(fixed);
  *shift = exponent;
}

}  // namespace thimble
