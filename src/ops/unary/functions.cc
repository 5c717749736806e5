// The definitions: value and derivative of every function of the family.
#include <cmath>

#include "ops/unary/unary.h"

namespace thimble {
namespace {
constexpr double kSeluScale = 1.05070098735548049342, kSeluAlpha = 1.67326324235437728482;
constexpr double kRoot2OverPi = 0.79788456080286535588, kRootHalf = 0.70710678118654752440;
}  // namespace

template <class T>
T unary_value(UnaryFn fn, T x, T alpha) {
  switch (fn) {
    case UnaryFn::relu: return x < 0 ? T(0) : x;
    case UnaryFn::relu6: return x < 0 ? T(0) : x > 6 ? T(6) : x;
    case UnaryFn::relu_n1_to_1: return x < -1 ? T(-1) : x > 1 ? T(1) : x;
    case UnaryFn::leaky_relu: return x > 0 ? x : x * alpha;
    case UnaryFn::elu: return x < 0 ? alpha * std::expm1(x) : x;
    case UnaryFn::selu: return T(kSeluScale) * (x < 0 ? T(kSeluAlpha) * std::expm1(x) : x);
    case UnaryFn::gelu: return x == -INFINITY ? T(0) : T(0.5) * x * std::erfc(x * -T(kRootHalf));
    case UnaryFn::gelu_tanh: {
      const T u = T(kRoot2OverPi) * (x + T(0.044715) * x * x * x);
      if (x == -INFINITY) return T(0);
      // ½·(1 + tanh u) = 1 / (1 + e^−2u), which does not cancel far below 0; tables use TFLite's form.
      if constexpr (sizeof(T) > sizeof(float)) return x / (1 + std::exp(-2 * u));
      return T(0.5) * x * (T(1) + std::tanh(u));
    }
    case UnaryFn::silu: return x == -INFINITY ? T(0) : x / (1 + std::exp(-x));
    case UnaryFn::mish: return x == -INFINITY ? T(0) : x * std::tanh(unary_value(UnaryFn::softplus, x, alpha));
    case UnaryFn::softplus: return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case UnaryFn::softsign: return std::isinf(x) ? std::copysign(T(1), x) : x / (1 + std::fabs(x));
    case UnaryFn::sigmoid: return T(1) / (T(1) + std::exp(-x));
    case UnaryFn::tanh: return std::tanh(x);
    case UnaryFn::exp: return std::exp(x);
    case UnaryFn::log: return std::log(x);
    case UnaryFn::sqrt: return std::sqrt(x);
    case UnaryFn::rsqrt: return T(1) / std::sqrt(x);
    case UnaryFn::neg: return -x;
    case UnaryFn::abs: return std::fabs(x);
    case UnaryFn::square: return x * x;
    case UnaryFn::hard_sigmoid: return unary_value(UnaryFn::relu6, x + 3, alpha) / 6;
    case UnaryFn::hard_swish: return x * unary_value(UnaryFn::relu6, x + 3, alpha) / 6;
    case UnaryFn::reciprocal: return T(1) / x;
    case UnaryFn::sign: return x > 0 ? T(1) : x < 0 ? T(-1) : x + T(0);
    case UnaryFn::floor: return std::floor(x);
    case UnaryFn::ceil: return std::ceil(x);
    case UnaryFn::round: return x == 0 ? x : std::nearbyint(x) + T(0);
    case UnaryFn::sin: return std::sin(x);
    case UnaryFn::cos: return std::cos(x);
    default: return x;
  }
}

template float unary_value(UnaryFn, float, float);
template double unary_value(UnaryFn, double, double);

double unary_slope(UnaryFn fn, double x, double alpha) {
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  switch (fn) {
    case UnaryFn::relu: return x > 0;
    case UnaryFn::relu6: return x > 0 && x < 6;
    case UnaryFn::relu_n1_to_1: return x > -1 && x < 1;
    case UnaryFn::leaky_relu: return x > 0 ? 1 : alpha;
    case UnaryFn::elu: return x < 0 ? alpha * std::exp(x) : 1;
    case UnaryFn::selu: return kSeluScale * (x < 0 ? kSeluAlpha * std::exp(x) : 1);
    case UnaryFn::gelu:
      if (std::isinf(x)) return x > 0;
      return 0.5 * std::erfc(-x * kRootHalf) + x * 0.5 * kRoot2OverPi * std::exp(-0.5 * x * x);
    case UnaryFn::gelu_tanh: {
      if (std::isinf(x)) return x > 0;
      const double t = std::tanh(kRoot2OverPi * (x + 0.044715 * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kRoot2OverPi * (1 + 3 * 0.044715 * x * x);
    }
    case UnaryFn::silu: {
      if (std::isinf(x)) return x > 0;
      const double s = sigmoid(x);
      return s * (1 + x * (1 - s));
    }
    case UnaryFn::mish: {
      if (std::isinf(x)) return x > 0;
      const double t = std::tanh(unary_value(UnaryFn::softplus, x, 0.0));
      return t + x * (1 - t * t) * sigmoid(x);
    }
    case UnaryFn::softplus: return sigmoid(x);
    case UnaryFn::softsign: return 1 / ((1 + std::fabs(x)) * (1 + std::fabs(x)));
    case UnaryFn::sigmoid: return sigmoid(x) * sigmoid(-x);
    case UnaryFn::tanh: {
      const double t = std::tanh(x);
      return 1 - t * t;
    }
    case UnaryFn::exp: return std::exp(x);
    case UnaryFn::log: return 1 / x;
    case UnaryFn::sqrt: return 0.5 / std::sqrt(x);
    case UnaryFn::rsqrt: return -0.5 / (x * std::sqrt(x));
    case UnaryFn::neg: return -1;
    case UnaryFn::abs: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case UnaryFn::square: return 2 * x;
    case UnaryFn::hard_sigmoid: return x > -3 && x < 3 ? 1.0 / 6 : 0;
    case UnaryFn::hard_swish: return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
    case UnaryFn::reciprocal: return -1 / (x * x);
    case UnaryFn::sign:
    case UnaryFn::floor:
    case UnaryFn::ceil:
    case UnaryFn::round: return 0;
    case UnaryFn::sin: return std::cos(x);
    case UnaryFn::cos: return -std::sin(x);
    default: return 1;
  }
}

UnaryFn unary_fn(Op op, const UnaryAttrs& attrs) {
  if (op == Op::gelu) return attrs.approximate ? UnaryFn::gelu_tanh : UnaryFn::gelu;
  static constexpr struct {
    Op op;
    UnaryFn fn;
  } kRows[] = {
#define UNARY(id, fn, packed, code, tag) {Op::id, UnaryFn::fn},
#define UNARY_WITHOUT_BUILTIN(id, fn, packed) {Op::id, UnaryFn::fn},
#include "ops/unary/unary.def"
#undef UNARY
#undef UNARY_WITHOUT_BUILTIN
  };
  for (const auto& row : kRows)
    if (row.op == op) return row.fn;
  return UnaryFn::copy;
}

bool is_unary(Op op) { return unary_fn(op, {}) != UnaryFn::copy; }

}  // namespace thimble
