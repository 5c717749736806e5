// exp, reciprocal and logarithm in fixed point, bit for bit as gemmlowp computes them (the functions
// that TFLite's integer softmax and log_softmax are defined by). A Qm.n number holds value · 2^n,
// m + n = 31; Q0 stands for Q0.31. All arithmetic wraps where gemmlowp's does, so nothing traps. What
// runs on small machines stands in ops/fixed_function_kernel.h; the exponential only fills tables.
#pragma once

#include <bit>
#include <limits>

#include "base/fixed_point.h"
#include "ops/fixed_function_kernel.h"

namespace thimble::fixed {

constexpr int32_t add(int32_t a, int32_t b) { return thimble_add(a, b); }
constexpr int32_t sub(int32_t a, int32_t b) { return thimble_sub(a, b); }
constexpr int32_t mul(int32_t a, int32_t b) { return thimble_high_mul(a, b); }
constexpr int32_t rescale(int32_t x, int from, int to) { return thimble_to_q(x, from, to); }
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

// 1/√x of an integer x ≥ 1 as multiplier and shift: five Newton steps in Q3.28.
struct Multiplier {
  int32_t multiplier = 0;
  int shift = 0;
};
inline Multiplier inverse_root(int32_t x) {
  if (x <= 1) return {std::numeric_limits<int32_t>::max(), 0};
  int shift = 11;
  for (; x >= 1 << 29; ++shift) x /= 4;
  const int pairs = (std::countl_zero(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  shift -= pairs;
  x <<= 2 * pairs;
  const int32_t half = rounding_divide_by_pot(x >> 1, 1), three_halves = (1 << 28) + (1 << 27);
  int32_t root = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = rescale(mul(mul(root, root), root), 9, 3);
    root = rescale(sub(mul(three_halves, root), mul(half, cube)), 6, 3);
  }
  root = mul(root, 1518500250);
  if (shift < 0) {
    root <<= -shift;
    shift = 0;
  }
  return {root, -shift};
}

}  // namespace thimble::fixed
