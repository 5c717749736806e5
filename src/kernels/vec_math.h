// exp, expm1, log, tanh and the logistic function on a register of floats, within 2 ULP of the exact
// result for every float (map_test.cc holds them to it), NaN, infinities and denormals as in <cmath>.
// The coefficients are minimax fits of this project (iteratively reweighted least squares on Chebyshev
// points, in double); the reductions are the classical ones (Cody and Waite).
#pragma once

#include "kernels/vec.h"

namespace thimble {
namespace {

// Σ c[i]·x^i by Horner's rule, fused.
template <int N>
THIMBLE_INLINE F polynomial(F x, const float (&c)[N]) {
  F sum = set1(c[N - 1]);
  THIMBLE_UNROLL
  for (int i = N - 2; i >= 0; --i) sum = fma(sum, x, set1(c[i]));
  return sum;
}

// 2^(n + more) as a float, −126 <= n + more <= 127. Unsigned, because a NaN's n is anything.
THIMBLE_INLINE F power_of_two(I n, int more = 0) { return (F)(((U)n + static_cast<uint32_t>(127 + more)) << 23); }

struct Reduced {
  I n;
  F r;  // x = n·ln 2 + r, |r| <= ln 2 / 2
};
THIMBLE_INLINE Reduced reduce_exp(F x) {
  const F n = round_even(x * 1.44269504f);
  F r = fma(n, set1(-0x1.62e400p-1f), x);
  r = fma(n, set1(-0x1.7f7d1cp-20f), r);
  return {to_int(n), r};
}

// e^r − 1 − r for |r| <= ln 2 / 2
THIMBLE_INLINE F exp_tail(F r) {
  constexpr float kExp[] = {0.5f,           0.1666666716337204f,    0.041666463017463684f, 0.008333285339176655f,
                            0.00139338232f, 0.00019907834939658642f};
  return polynomial(r, kExp) * (r * r);
}

THIMBLE_INLINE F exp_f(F x) {
  // Outside, the result is 0 or infinity already. NaN stays.
  const Reduced e = reduce_exp(clamp(x, set1(-104.0f), set1(89.0f)));
  const F y = (exp_tail(e.r) + e.r) + 1.0f;
  const I half = e.n >> 1;  // two factors, so that each is a normal number
  return y * power_of_two(half) * power_of_two(e.n - half);
}

THIMBLE_INLINE F expm1_f(F x) {
  const Reduced e = reduce_exp(clamp(x, set1(-40.0f), set1(89.0f)));
  const F y = e.r + exp_tail(e.r);
  const F scale = power_of_two(e.n, -1);
  const F z = fma(scale, y, scale - 0.5f) * 2.0f;
  return select(abs(x) < 0x1p-25f, x, z);  // keeps −0 and denormals
}

THIMBLE_INLINE F log_f(F x) {
  constexpr float kLog[] = {0.3333331048488617f,  -0.24999985098838806f, 0.20002272725105286f,
                            -0.1666935682296753f, 0.14217716455459595f,  -0.1238180622458458f,
                            0.11877914518117905f, -0.11807858943939209f, 0.06925864517688751f};
  const I tiny = x < 0x1p-126f;
  const F scaled = select(tiny, x * 0x1p23f, x);
  // m in [√½, √2), x = 2^n·m
  const I raw = (I)((U)scaled - 0x3f3504f3u);
  const I n = (raw >> 23) - (tiny & 23);
  const F f = from_bits((raw & 0x007fffff) + 0x3f3504f3) - 1.0f;
  const F e = to_float(n), square = f * f;
  F low = fma(e, set1(-2.12194440e-4f), polynomial(f, kLog) * (square * f));
  low = fma(square, set1(-0.5f), low);
  F y = fma(e, set1(0.693359375f), f + low);
  y = select(x == kInf, x, y);
  y = select(x == 0.0f, set1(-kInf), y);
  return select(x >= 0.0f, y, set1(__builtin_nanf("")));
}

THIMBLE_INLINE F tanh_f(F x) {
  constexpr float kTanh[] = {-0.33333319425582886f, 0.1333262324333191f, -0.05385637655854225f, 0.021088991314172745f,
                             -0.006299528293311596f};
  const F magnitude = abs(x), square = x * x;
  const F small = fma(magnitude, polynomial(square, kTanh) * square, magnitude);
  const F e = expm1_f(lesser(set1(10.0f), magnitude) * 2.0f);  // the NaN of |x| is the second operand
  return copysign(select(magnitude < 0.54f, small, e / (e + 2.0f)), x);
}

THIMBLE_INLINE F sigmoid_f(F x) {
  const F e = exp_f(-abs(x)), sum = e + 1.0f;
  const F y = select(x < 0.0f, e, set1(1.0f)) / sum;
  return fma(-y, e - (sum - 1.0f), y);  // what the sum lost
}

}  // namespace
}  // namespace thimble
