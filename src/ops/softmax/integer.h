// The integer softmax of one row, in parts that the reference (computed) and the fast form (tabled
// by the 256 possible differences) share.
#pragma once

#include <algorithm>
#include <cmath>

#include "ops/fixed_function.h"

namespace thimble {

// How a difference to the row's maximum becomes a Q5.26 exponent.
struct SoftmaxScaling {
  int32_t multiplier = 0;
  int shift = 0;
  int32_t lowest = 0;  // differences below give probability 0
  // log_softmax: from Q5.26 back to differences.
  int32_t reverse_multiplier = 0;
  int reverse_shift = 0;
};

inline SoftmaxScaling softmax_scaling(double beta, double input_scale) {
  constexpr int kBits = 5;
  SoftmaxScaling s;
  const double real = std::min(beta * input_scale * static_cast<double>(1 << (31 - kBits)), 2147483647.0);
  quantize_multiplier(real, &s.multiplier, &s.shift);
  const double radius = std::floor(static_cast<double>((1 << kBits) - 1) * static_cast<double>(1 << (31 - kBits)) /
                                   std::ldexp(1.0, s.shift));
  s.lowest = -static_cast<int32_t>(std::min(radius, 1e6));
  if (s.multiplier > 0)
    quantize_multiplier(std::ldexp(1.0, 31 - s.shift) / s.multiplier, &s.reverse_multiplier, &s.reverse_shift);
  return s;
}

// Exponent (Q5.26) of a difference ≥ lowest.
inline int32_t softmax_exponent(const SoftmaxScaling& s, int32_t difference) {
  return multiply_by_quantized_multiplier(difference, s.multiplier, s.shift);
}
inline constexpr int kSoftmaxSumBits = 12;  // sums are Q12.19

// Probability of e (Q0) under the row's reciprocal, in units of 2^−width; low is the type's minimum.
inline int32_t softmax_output(int32_t e, int32_t reciprocal, int power, int width, int32_t low) {
  const int exponent = std::clamp(power + 31 - width, 0, 31);
  const int32_t q = fixed::add(rounding_divide_by_pot(fixed::mul(reciprocal, e), exponent), low);
  return std::clamp(q, low, low + (1 << width) - 1);
}

// log_softmax: differences must lie above this to be represented at all.
inline int32_t log_softmax_lowest(const SoftmaxScaling& s, int32_t log_sum) {
  const int32_t shifted = fixed::add(log_sum, std::numeric_limits<int32_t>::min());
  return std::max(s.lowest - 1, multiply_by_quantized_multiplier(shifted, s.reverse_multiplier, s.reverse_shift));
}
// Counted from the type's lowest value.
inline int32_t log_softmax_output(int32_t exponent, int32_t log_sum) {
  return std::clamp(rounding_divide_by_pot(fixed::sub(exponent, log_sum), 31 - 5 - 4) + 255, 0, 255);
}

}  // namespace thimble
