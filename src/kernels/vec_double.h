// A register of doubles and the functions that are computed in double, because their float formulas
// lose digits (gelu's tail, mish, softplus …): rounded back to float they are within 1 ULP. Plain
// multiplications and additions, so the bits are the same on every instruction set.
#pragma once

#include "kernels/vec.h"

namespace thimble {
namespace {

constexpr int kHalf = kLanes > 1 ? kLanes / 2 : 1;
typedef double D __attribute__((vector_size(8 * kHalf)));
typedef int64_t J __attribute__((vector_size(8 * kHalf)));
typedef float FHalf __attribute__((vector_size(4 * kHalf)));

THIMBLE_INLINE D set1d(double x) { return x - D{}; }
THIMBLE_INLINE D select(J mask, D a, D b) { return mask ? a : b; }
THIMBLE_INLINE D abs(D x) { return (D)((J)x & INT64_MAX); }
// Within [lo, hi]; NaN stays.
THIMBLE_INLINE D clamp(D x, double lo, double hi) {
  const D low = set1d(lo), high = set1d(hi);
  x = x < low ? low : x;
  return x > high ? high : x;
}

template <int N>
THIMBLE_INLINE D polynomial(D x, const double (&c)[N]) {
  D sum = set1d(c[N - 1]);
  THIMBLE_UNROLL
  for (int i = N - 2; i >= 0; --i) sum = sum * x + c[i];
  return sum;
}

constexpr double kRound = 0x1.8p52;  // x + kRound − kRound is x to the nearest integer
// That integer, of x + kRound; anything where |x| >= 2^51.
typedef uint64_t UJ __attribute__((vector_size(8 * kHalf)));
THIMBLE_INLINE J rounded(D shifted) { return (J)((UJ)shifted - (UJ)set1d(kRound)) << 1 >> 1; }

// |x| <= 700; Taylor's series to the tenth power on ±ln 2 / 2.
THIMBLE_INLINE D exp_d(D x) {
  constexpr double kExp[] = {1.0,         1.0,          1.0 / 2,       1.0 / 6,        1.0 / 24,       1.0 / 120,
                             1.0 / 720.0, 1.0 / 5040.0, 1.0 / 40320.0, 1.0 / 362880.0, 1.0 / 3628800.0};
  const D shifted = x * 1.4426950408889634 + kRound;
  const D n = shifted - kRound;
  const D r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
  const J exponent = rounded(shifted) << 52;
  return (D)((J)polynomial(r, kExp) + exponent);
}

// log(1 + z), 0 <= z <= 1: 2·artanh(z / (2 + z)).
THIMBLE_INLINE D log1p_d(D z) {
  constexpr double kArtanh[] = {2.0,      2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9, 2.0 / 11,
                                2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};
  const D s = z / (z + 2.0);
  return s * polynomial(s * s, kArtanh);
}

// erfc(z), z >= 0: e^(−z²)·P(t), t = 2.5 / (2.5 + z); relative error 3e-11 (own fit).
THIMBLE_INLINE D erfc_d(D z) {
  constexpr double kErfc[] = {6.444919311427894e-07, 0.22565376866732179,  0.2260150612643166, 0.20452314707682817,
                              0.19025495558766606,   0.042569550797152855, 0.3058202388856427, -0.5018493926831253,
                              0.7904507620945468,    -0.8752153235960034,  0.5471471392166425, -0.18015838025649392,
                              0.024787828482666634};
  return exp_d(-(z * z)) * polynomial(2.5 / (z + 2.5), kErfc);
}

THIMBLE_INLINE D sigmoid_d(D x) { return 1.0 / (exp_d(-clamp(x, -700.0, 700.0)) + 1.0); }

// The normal distribution function.
THIMBLE_INLINE D normal_d(D x) {
  const D half = erfc_d(clamp(abs(x) * 0.70710678118654752, 0.0, 10.6)) * 0.5;
  return select(x > 0.0, 1.0 - half, half);
}

constexpr double kGeluScale = 0.79788456080286536;  // √(2/π)
THIMBLE_INLINE D gelu_tanh_argument(D x) { return (x + 0.044715 * (x * x * x)) * (2 * kGeluScale); }

struct Gelu {
  static D f(D x) { return x * normal_d(x); }
  static D df(D x) { return normal_d(x) + x * exp_d(x * x * -0.5) * 0.39894228040143268; }
};
struct GeluTanh {
  static D f(D x) { return x * sigmoid_d(gelu_tanh_argument(x)); }
  static D df(D x) {
    const D s = sigmoid_d(gelu_tanh_argument(x)), rest = sigmoid_d(-gelu_tanh_argument(x));
    return s + x * s * rest * ((x * x * (3 * 0.044715) + 1.0) * (2 * kGeluScale));
  }
};
struct Silu {
  static D f(D x) { return x * sigmoid_d(x); }
  static D df(D x) { return sigmoid_d(x) * (x * sigmoid_d(-x) + 1.0); }
};
// x·tanh(log(1 + e^x)) = x·w / (w + 2), w = e^2x + 2·e^x
struct Mish {
  static D w(D e) { return e * e + 2.0 * e; }
  static D f(D x) {
    const D v = w(exp_d(clamp(x, -700.0, 60.0)));
    return x * (v / (v + 2.0));
  }
  static D df(D x) {
    const D e = exp_d(clamp(x, -700.0, 60.0)), v = w(e);
    return v / (v + 2.0) + x * (4.0 * (v + 1.0) / ((v + 2.0) * (v + 2.0))) * (e / (e + 1.0));
  }
};
struct Softplus {
  static D f(D x) { return select(x > 0.0, x, D{}) + log1p_d(exp_d(-clamp(abs(x), 0.0, 700.0))); }
  static D df(D x) { return sigmoid_d(x); }
};

// sin(x + quadrant·π/2): reduction by π/2 in three parts, exact for |x| <= 2^20; larger arguments
// go to the C library one by one. Taylor's series on ±π/4.
template <int kQuadrant>
THIMBLE_INLINE D sine(D x) {
  constexpr double kSin[] = {1.0,           -1.0 / 6,          1.0 / 120,         -1.0 / 5040,
                             1.0 / 362880., -1.0 / 39916800.0, 1.0 / 6227020800.0};
  constexpr double kCos[] = {1.0,          -0.5,           1.0 / 24,          -1.0 / 720,
                             1.0 / 40320., -1.0 / 3628800, 1.0 / 479001600.0, -1.0 / 87178291200.0};
  const D shifted = x * 0.63661977236758134 + kRound;
  const D q = shifted - kRound;
  const D r = ((x - q * 0x1.921fb544p+0) - q * 0x1.0b4611a6p-34) - q * 0x1.3198a2e037073p-69;
  const J quadrant = rounded(shifted) + kQuadrant;
  const D square = r * r;
  const D y = select((quadrant & 1) != 0, polynomial(square, kCos), r * polynomial(square, kSin));
  D result = (D)((J)y ^ ((quadrant & 2) << 62));
  if (kQuadrant == 0) result = select(x == 0.0, x, result);
  const J large = abs(x) > 0x1p20;
  for (int l = 0; l < kHalf; ++l)
    if (large[l] != 0) result[l] = kQuadrant == 0 ? __builtin_sin(x[l]) : __builtin_cos(x[l]);
  return result;
}
struct Sin {
  static D f(D x) { return sine<0>(x); }
  static D df(D x) { return sine<1>(x); }
};
struct Cos {
  static D f(D x) { return sine<1>(x); }
  static D df(D x) { return -sine<0>(x); }
};

// Calls body(i, count) for the runs of kHalf values of [0, n); the last may be shorter.
template <class Body>
THIMBLE_INLINE void for_halves(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + kHalf <= n; i += kHalf) body(i, static_cast<int64_t>(kHalf));
  if (i < n) body(i, n - i);
}
THIMBLE_INLINE D load_d(const float* p, int64_t n) {
  FHalf x = {};
  if (n == kHalf) {
    __builtin_memcpy(&x, p, sizeof x);
  } else {
    for (int64_t l = 0; l < n; ++l) x[l] = p[l];
  }
  return __builtin_convertvector(x, D);
}
THIMBLE_INLINE void store_d(float* p, D x, int64_t n) {
  const FHalf y = __builtin_convertvector(x, FHalf);
  if (n == kHalf) {
    __builtin_memcpy(p, &y, sizeof y);
  } else {
    for (int64_t l = 0; l < n; ++l) p[l] = y[l];
  }
}

}  // namespace
}  // namespace thimble
