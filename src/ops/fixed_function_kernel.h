// Reciprocal and logarithm in fixed point as C99, bit for bit as gemmlowp computes them: what integer softmax,
// log_softmax and division need while they run. A Qm.n number holds value · 2^n, m + n = 31; Q0 stands for Q0.31. All
// arithmetic wraps where gemmlowp's does, so nothing traps.
#pragma once

#include "base/c99.h"

// Zeros above the highest bit of 32; 32 of 0.
THIMBLE_INLINE int thimble_leading_zeros(uint32_t x) {
  int zeros = 0;
  if (x == 0) return 32;
  for (int step = 16; step > 0; step >>= 1)
    if (x >> (32 - step) == 0) {
      zeros += step;
      x <<= step;
    }
  return zeros;
}

// From Qfrom to Qto.
THIMBLE_INLINE int32_t thimble_to_q(int32_t x, int from, int to) { return thimble_multiply_by_power(x, from - to); }

// (a + b) / 2, half away from zero.
THIMBLE_INLINE int32_t thimble_half_sum(int32_t a, int32_t b) {
  const int64_t sum = (int64_t)a + b;
  return (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
}

// 1 / (1 + a) for a in [0, 1], Q0 to Q0: Newton's division from 48/17 − 32/17·d.
THIMBLE_INLINE int32_t thimble_reciprocal_of_one_plus(int32_t a) {
  const int32_t half = thimble_half_sum(a, INT32_MAX);
  int32_t x = thimble_add(1515870810, thimble_high_mul(half, -1010580540));  // Q2
  for (int i = 0; i < 3; ++i) {
    const int32_t error = thimble_sub((int32_t)1 << 29, thimble_high_mul(half, x));  // Q2
    x = thimble_add(x, thimble_to_q(thimble_high_mul(x, error), 4, 2));
  }
  return thimble_to_q(x, 1, 0);  // half of Q2 is Q1 of the same bits
}

// 1/x of x > 0 in Q`bits`: a Q0 number and the power of two it still has to be divided by.
THIMBLE_INLINE int32_t thimble_reciprocal(int32_t x, int bits, int* power) {
  const int headroom = thimble_leading_zeros((uint32_t)x);  // plus one, the sign bit
  const uint32_t shifted = headroom >= 32 ? 0 : (uint32_t)x << headroom;
  *power = bits - headroom;
  return thimble_reciprocal_of_one_plus((int32_t)(shifted - 0x80000000u));
}

// log x of x ≥ 1 in Q`in` as Q`out`: powers of √2 from the leading zeros, the rest by a rational
// approximation around 2^−1/4.
THIMBLE_INLINE int32_t thimble_log_of_at_least_one(int32_t x, int in, int out) {
  const int32_t log_2 = 1488522236, fourth_root_of_half = 1805811301, root_of_half = 1518500250;
  const int32_t alpha_n = 117049297, alpha_d = 127690142, alpha_i = 1057819769, alpha_f = 638450708;
  const int accumulator = out + 1;
  const int32_t quarter = thimble_to_q(536870912, 0, accumulator);
  const int headroom_a = thimble_leading_zeros((uint32_t)x);
  const int32_t r_a =
      thimble_multiply_by_power(thimble_high_mul(thimble_multiply_by_power(x, headroom_a - 1), root_of_half), 1);
  const int32_t power_a =
      thimble_saturate((int64_t)thimble_multiply_by_power(in - headroom_a, 31 - accumulator) + quarter);
  const int32_t z_b = thimble_high_mul(x, root_of_half);
  const int headroom_b = thimble_leading_zeros((uint32_t)z_b) - 1;
  const int32_t r_b = thimble_multiply_by_power(x, headroom_b);
  const int32_t power_b =
      thimble_saturate((int64_t)thimble_multiply_by_power(in - headroom_b, 31 - accumulator) - quarter);
  const int32_t r = r_a < r_b ? r_a : r_b, power = power_a > power_b ? power_a : power_b;
  const int32_t p = thimble_half_sum(r, fourth_root_of_half), half_q = thimble_sub(r, fourth_root_of_half);
  const int32_t q = thimble_add(half_q, half_q), square = thimble_high_mul(q, q);
  const int32_t numerator = thimble_add(thimble_high_mul(q, r), thimble_high_mul(thimble_high_mul(q, square), alpha_n));
  const int32_t denominator =
      thimble_add(thimble_high_mul(p, thimble_add(thimble_add(alpha_i, q), thimble_high_mul(alpha_d, square))),
                  thimble_high_mul(alpha_f, q));
  const int32_t value = thimble_add(
      thimble_high_mul(power, log_2),
      thimble_high_mul(thimble_to_q(numerator, 0, accumulator), thimble_reciprocal_of_one_plus(denominator)));
  return thimble_to_q(value, accumulator, out);
}
