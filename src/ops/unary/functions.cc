// The rows of unary.def as a table, and the functions that are too long for a row.
#include <algorithm>
#include <cmath>

#include "ops/unary/unary.h"

namespace thimble {
namespace {

constexpr double kSeluScale = 1.05070098735548049342, kSeluAlpha = 1.67326324235437728482;
constexpr double kRoot2OverPi = 0.79788456080286535588, kRootHalf = 0.70710678118654752440;

template <class T>
T relu6(T x) {
  return x < 0 ? T(0) : x > 6 ? T(6) : x;
}
template <class T>
T softplus(T x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}
template <class T>
T gelu_tanh(T x) {
  const T u = T(kRoot2OverPi) * (x + T(0.044715) * x * x * x);
  if (x == -INFINITY) return T(0);
  // ½·(1 + tanh u) = 1 / (1 + e^−2u), which does not cancel far below 0; tables use TFLite's form.
  if constexpr (sizeof(T) > sizeof(float)) return x / (1 + std::exp(-2 * u));
  return T(0.5) * x * (T(1) + std::tanh(u));
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double gelu_slope(double x) {
  if (std::isinf(x)) return x > 0;
  return 0.5 * std::erfc(-x * kRootHalf) + x * 0.5 * kRoot2OverPi * std::exp(-0.5 * x * x);
}
double gelu_tanh_slope(double x) {
  if (std::isinf(x)) return x > 0;
  const double t = std::tanh(kRoot2OverPi * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kRoot2OverPi * (1 + 3 * 0.044715 * x * x);
}
double silu_slope(double x) {
  if (std::isinf(x)) return x > 0;
  const double s = sigmoid(x);
  return s * (1 + x * (1 - s));
}
double mish_slope(double x) {
  if (std::isinf(x)) return x > 0;
  const double t = std::tanh(softplus(x));
  return t + x * (1 - t * t) * sigmoid(x);
}

// The words of the column `kernel`.
struct Kernel {
  using enum UnaryFn;
  static constexpr UnaryFn none = kNoKernel;
};

#define UNARY_FUNCTION(Number, formula)                                    \
  []([[maybe_unused]] Number x, [[maybe_unused]] Number alpha) -> Number { \
    using T [[maybe_unused]] = Number;                                     \
    return formula;                                                        \
  }

constexpr UnaryRow kRows[] = {
#define UNARY(id, kernel, packed, code, tag, f, slope, ...)                                                        \
  {Op::id,     Kernel::kernel, UNARY_FUNCTION(double, f), UNARY_FUNCTION(float, f), UNARY_FUNCTION(double, slope), \
   __VA_ARGS__},
#define UNARY_FORM(id, kernel, f, slope) \
  {Op::id, Kernel::kernel, UNARY_FUNCTION(double, f), UNARY_FUNCTION(float, f), UNARY_FUNCTION(double, slope), {}},
#include "ops/unary/unary.def"
};

const UnaryRow* find(Op op) {
  const auto* found = std::ranges::find(kRows, op, &UnaryRow::op);
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace

std::span<const UnaryRow> unary_rows() { return kRows; }

bool is_unary(Op op) { return find(op) != nullptr; }

const UnaryRow& unary_row(Op op, const UnaryAttrs& attrs) {
  const UnaryRow* row = find(op);
  return attrs.approximate && row + 1 != std::end(kRows) && row[1].op == op ? row[1] : *row;
}

}  // namespace thimble
