// exp, reciprocal and logarithm in fixed point, bit for bit as gemmlowp computes them (the functions
// that TFLite's integer softmax and log_softmax are defined by). A Qm.n number holds value · 2^n,
// m + n = 31; Q0 stands for Q0.31. All arithmetic wraps where gemmlowp's does, so nothing traps.
#pragma once

#include <bit>

#include "base/fixed_point.h"

namespace thimble::fixed {

constexpr int32_t add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
constexpr int32_t sub(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}
constexpr int32_t mul(int32_t a, int32_t b) { return saturating_rounding_doubling_high_mul(a, b); }
// From Qfrom to Qto.
constexpr int32_t rescale(int32_t x, int from, int to) { return saturating_rounding_multiply_by_pot(x, from - to); }
// (a + b) / 2, half away from zero.
constexpr int32_t half_sum(int32_t a, int32_t b) {
  const int64_t sum = static_cast<int64_t>(a) + b;
  return static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}
inline constexpr int32_t kOne = std::numeric_limits<int32_t>::max();  // of Q0

// e^a for a in [−1/4, 0), Q0 to Q0: Taylor's series around −1/8.
constexpr int32_t exp_near_zero(int32_t a) {
  constexpr int32_t kExpMinusEighth = 1895147668, kThird = 715827883;
  const int32_t x = add(a, 1 << 28);
  const int32_t x2 = mul(x, x), x3 = mul(x2, x), x4 = mul(x2, x2);
  const int32_t tail = rounding_divide_by_pot(add(mul(add(rounding_divide_by_pot(x4, 2), x3), kThird), x2), 1);
  return add(kExpMinusEighth, mul(kExpMinusEighth, add(x, tail)));
}

// e^a for a ≤ 0 in Q`bits` (0 … 5 integer bits) as Q0: the remainder modulo 1/4 by the series, every
// higher bit by a constant factor.
constexpr int32_t exp_of_negative(int32_t a, int bits) {
  const int fraction = 31 - bits;
  const int32_t quarter = 1 << (fraction - 2);
  const int32_t part = (a & (quarter - 1)) - quarter;  // a modulo 1/4, in [−1/4, 0)
  int32_t result = exp_near_zero(rescale(part, bits, 0));
  const int32_t remainder = sub(part, a);
  constexpr int32_t kFactor[] = {1672461947, 1302514674, 790015084, 290630308,
                                 39332535,   720401,     242};  // e^−2^k, k = −2 … 4
  for (int k = -2; k <= 4; ++k)
    if (bits > k && (remainder & (1 << (fraction + k)))) result = mul(result, kFactor[k + 2]);
  return a == 0 ? kOne : result;
}

// 1 / (1 + a) for a in [0, 1], Q0 to Q0: Newton's division from 48/17 − 32/17·d.
constexpr int32_t reciprocal_of_one_plus(int32_t a) {
  const int32_t half = half_sum(a, kOne);
  int32_t x = add(1515870810, mul(half, -1010580540));  // Q2
  for (int i = 0; i < 3; ++i) {
    const int32_t error = sub(1 << 29, mul(half, x));  // Q2
    x = add(x, rescale(mul(x, error), 4, 2));
  }
  return rescale(x, 1, 0);  // half of Q2 is Q1 of the same bits
}

// 1/x of x > 0 in Q`bits`: a Q0 number and the power of two it still has to be divided by.
constexpr int32_t reciprocal(int32_t x, int bits, int* power) {
  const int headroom = std::countl_zero(static_cast<uint32_t>(x));  // plus one, the sign bit
  *power = bits - headroom;
  const uint32_t shifted = headroom >= 32 ? 0 : static_cast<uint32_t>(x) << headroom;
  return reciprocal_of_one_plus(static_cast<int32_t>(shifted - 0x80000000u));
}

// log x of x ≥ 1 in Q`in` as Q`out`: powers of √2 from the leading zeros, the rest by a rational
// approximation around 2^−1/4.
constexpr int32_t log_of_at_least_one(int32_t x, int in, int out) {
  const int accumulator = out + 1;
  constexpr int32_t kLog2 = 1488522236, kFourthRootOfHalf = 1805811301, kRootOfHalf = 1518500250, kQuarter = 536870912;
  constexpr int32_t kAlphaN = 117049297, kAlphaD = 127690142, kAlphaI = 1057819769, kAlphaF = 638450708;
  const auto saturate = [](int64_t v) { return static_cast<int32_t>(std::clamp<int64_t>(v, INT32_MIN, INT32_MAX)); };
  const int32_t quarter = rescale(kQuarter, 0, accumulator);
  const int headroom_a = std::countl_zero(static_cast<uint32_t>(x));
  const int32_t r_a =
      saturating_rounding_multiply_by_pot(mul(saturating_rounding_multiply_by_pot(x, headroom_a - 1), kRootOfHalf), 1);
  const int32_t power_a =
      saturate(int64_t{saturating_rounding_multiply_by_pot(in - headroom_a, 31 - accumulator)} + quarter);
  const int32_t z_b = mul(x, kRootOfHalf);
  const int headroom_b = std::countl_zero(static_cast<uint32_t>(z_b)) - 1;
  const int32_t r_b = saturating_rounding_multiply_by_pot(x, headroom_b);
  const int32_t power_b =
      saturate(int64_t{saturating_rounding_multiply_by_pot(in - headroom_b, 31 - accumulator)} - quarter);
  const int32_t r = std::min(r_a, r_b), power = std::max(power_a, power_b);
  const int32_t p = half_sum(r, kFourthRootOfHalf);
  int32_t q = sub(r, kFourthRootOfHalf);
  q = add(q, q);
  const int32_t square = mul(q, q);
  const int32_t numerator = add(mul(q, r), mul(mul(q, square), kAlphaN));
  const int32_t denominator = add(mul(p, add(add(kAlphaI, q), mul(kAlphaD, square))), mul(kAlphaF, q));
  const int32_t value =
      add(mul(power, kLog2), mul(rescale(numerator, 0, accumulator), reciprocal_of_one_plus(denominator)));
  return rescale(value, accumulator, out);
}

}  // namespace thimble::fixed
