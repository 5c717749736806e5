#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "ops/rfft2d/rfft2d.h"

namespace thimble::reference {
namespace {

using Number = std::complex<double>;

Number times(Number a, Number b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

// Iterative, radix 2, in place: numbers in bit-reversed order, then butterflies of growing width. `roots` are those of
// unity of order `order`, a multiple of n, clockwise.
void transform(Number* z, int64_t n, const Number* roots, int64_t order) {
  for (int64_t i = 1, j = 0; i < n; ++i) {
    int64_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
    if (i < j) std::swap(z[i], z[j]);
  }
  for (int64_t half = 1; half < n; half *= 2) {
    const int64_t step = order / (2 * half);
    for (int64_t begin = 0; begin < n; begin += 2 * half)
      for (int64_t k = 0; k < half; ++k) {
        const Number a = z[begin + k], b = times(z[begin + k + half], roots[k * step]);
        z[begin + k] = a + b;
        z[begin + k + half] = a - b;
      }
  }
}

// `count` real numbers, zeros behind them, as n / 2 complex ones: bins 0 … n / 2 follow from their transform.
void transform_real(const float* x, int64_t count, int64_t n, Number* half, const Number* roots, int64_t order,
                    Number* y) {
  const auto at = [&](int64_t i) { return i < count ? static_cast<double>(x[i]) : 0.0; };
  if (n == 1) {
    y[0] = at(0);
    return;
  }
  const int64_t h = n / 2;
  for (int64_t k = 0; k < h; ++k) half[k] = {at(2 * k), at(2 * k + 1)};
  transform(half, h, roots, order);
  for (int64_t k = 0; k <= h; ++k) {
    const Number a = half[k % h], b = std::conj(half[(h - k) % h]);
    const Number odd = times(a - b, {0.0, -0.5});
    const Number root = k == h ? Number(-1) : roots[k * (order / n)];
    y[k] = 0.5 * (a + b) + times(odd, root);
  }
}

}  // namespace

void rfft2d(const RefCall& call) {
  const auto& p = call.plan<thimble_rfft2d>();
  const int64_t bins = rfft2d_bins(p), order = rfft2d_longest(p);
  auto* rows = static_cast<Number*>(call.scratch);  // [height, bins]
  Number *line = rows + p.height * bins, *roots = line + order;
  for (int64_t k = 0; k < order; ++k) {
    const double angle = -2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(order);
    roots[k] = {std::cos(angle), std::sin(angle)};
  }
  const float* x = call.in[0].as<float>();
  float* y = call.out[0].as<float>();
  for (int64_t m = 0; m < p.matrices; ++m, x += p.rows * p.columns) {
    for (int64_t j = 0; j < p.height; ++j) {
      if (j < p.rows) {
        transform_real(x + j * p.columns, std::min(p.columns, p.width), p.width, line, roots, order, rows + j * bins);
      } else {
        std::fill_n(rows + j * bins, bins, Number());
      }
    }
    for (int64_t v = 0; v < bins && p.height > 1; ++v) {
      for (int64_t j = 0; j < p.height; ++j) line[j] = rows[j * bins + v];
      transform(line, p.height, roots, order);
      for (int64_t j = 0; j < p.height; ++j) rows[j * bins + v] = line[j];
    }
    for (int64_t i = 0; i < p.height * bins; ++i) {
      *y++ = static_cast<float>(rows[i].real());
      *y++ = static_cast<float>(rows[i].imag());
    }
  }
}

}  // namespace thimble::reference
