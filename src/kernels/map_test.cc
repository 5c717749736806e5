// Contract of the unary functions and their gradients: within 2 ULP of the C library's double result
// (exact where IEEE says so) over the whole range of floats, infinities, NaN and denormals included;
// the bits of a value depend neither on its position nor on the instruction set.
#include "kernels/map.h"

#include <algorithm>
#include <functional>

#include "kernels/f32_test_util.h"

namespace thimble {
namespace {

using namespace f32_test;

class Map : public TableTest {};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double normal(double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }
double density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0)); }
double relu6(double x) { return std::min(std::max(x, 0.0), 6.0); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double gelu_argument(double x) { return std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x); }

constexpr float kAlpha = 0.3f;
const double kScale = 1.05070098f, kSeluAlpha = 1.67326324f;

struct Function {
  UnaryFn fn;
  const char* name;
  double ulp;                       // allowed
  std::function<double(double)> f;  // NaN is handled apart
  std::function<double(double)> df;
};

// The tails of gelu, silu and mish have no value in plain double arithmetic at −infinity; the limit counts.
std::function<double(double)> with_tail(double (*f)(double)) {
  return [f](double x) { return x < -1e4 ? -0.0 : x > 1e4 ? x : f(x); };
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all = {
      {UnaryFn::copy, "copy", 0, [](double x) { return x; }, [](double) { return 1.0; }},
      {UnaryFn::relu, "relu", 0, [](double x) { return x > 0 ? x : 0; }, [](double x) { return x > 0 ? 1.0 : 0; }},
      {UnaryFn::relu6, "relu6", 0, relu6, [](double x) { return x > 0 && x < 6 ? 1.0 : 0; }},
      {UnaryFn::relu_n1_to_1, "relu_n1_to_1", 0, [](double x) { return std::clamp(x, -1.0, 1.0); },
       [](double x) { return std::abs(x) < 1 ? 1.0 : 0; }},
      {UnaryFn::leaky_relu, "leaky_relu", 0.5, [](double x) { return x > 0 ? x : x * kAlpha; },
       [](double x) { return x > 0 ? 1.0 : double{kAlpha}; }},
      {UnaryFn::elu, "elu", 2, [](double x) { return x > 0 ? x : kAlpha * std::expm1(x); },
       [](double x) { return x > 0 ? 1.0 : kAlpha * std::exp(x); }},
      {UnaryFn::selu, "selu", 2.5, [](double x) { return kScale * (x > 0 ? x : kSeluAlpha * std::expm1(x)); },
       [](double x) { return kScale * (x > 0 ? 1.0 : kSeluAlpha * std::exp(x)); }},
      {UnaryFn::gelu, "gelu", 1, with_tail([](double x) { return x * normal(x); }),
       [](double x) { return normal(x) + x * density(x); }},
      {UnaryFn::gelu_tanh, "gelu_tanh", 1, with_tail([](double x) { return x * sigmoid(2 * gelu_argument(x)); }),
       [](double x) {
         const double s = sigmoid(2 * gelu_argument(x)),
                      u = std::sqrt(2 / std::acos(-1.0)) * (1 + 3 * 0.044715 * x * x);
         return s + x * s * sigmoid(-2 * gelu_argument(x)) * 2 * u;
       }},
      {UnaryFn::silu, "silu", 1, with_tail([](double x) { return x * sigmoid(x); }),
       [](double x) { return sigmoid(x) * (1 + x * sigmoid(-x)); }},
      {UnaryFn::mish, "mish", 1, with_tail([](double x) { return x * std::tanh(softplus(x)); }),
       [](double x) {
         const double t = std::tanh(softplus(x));
         return t + x * (1 - t * t) * sigmoid(x);
       }},
      {UnaryFn::softplus, "softplus", 1, softplus, sigmoid},
      {UnaryFn::softsign, "softsign", 2,
       [](double x) { return std::isinf(x) ? std::copysign(1.0, x) : x / (1 + std::abs(x)); },
       [](double x) { return 1 / ((1 + std::abs(x)) * (1 + std::abs(x))); }},
      {UnaryFn::sigmoid, "sigmoid", 2, sigmoid, [](double x) { return sigmoid(x) * sigmoid(-x); }},
      {UnaryFn::tanh, "tanh", 2, [](double x) { return std::tanh(x); },
       [](double x) { return 1 / (std::cosh(x) * std::cosh(x)); }},
      {UnaryFn::exp, "exp", 2, [](double x) { return std::exp(x); }, [](double x) { return std::exp(x); }},
      {UnaryFn::log, "log", 2, [](double x) { return std::log(x); }, [](double x) { return 1 / x; }},
      {UnaryFn::sqrt, "sqrt", 0.5, [](double x) { return std::sqrt(x); }, [](double x) { return 0.5 / std::sqrt(x); }},
      {UnaryFn::rsqrt, "rsqrt", 2, [](double x) { return 1 / std::sqrt(x); },
       [](double x) { return -0.5 * std::pow(x, -1.5); }},
      {UnaryFn::neg, "neg", 0, [](double x) { return -x; }, [](double) { return -1.0; }},
      {UnaryFn::abs, "abs", 0, [](double x) { return std::abs(x); },
       [](double x) { return x > 0   ? 1.0
                             : x < 0 ? -1.0
                                     : 0.0; }},
      {UnaryFn::square, "square", 0.5, [](double x) { return x * x; }, [](double x) { return 2 * x; }},
      {UnaryFn::hard_sigmoid, "hard_sigmoid", 2, [](double x) { return relu6(x + 3) / 6; },
       [](double x) { return std::abs(x) < 3 ? 1 / 6.0 : 0; }},
      {UnaryFn::hard_swish, "hard_swish", 0,
       [](double x) {  // as TFLite rounds and overflows
         const float v = static_cast<float>(x);
         return double{v * std::min(std::max(v + 3, 0.0f), 6.0f) / 6};
       },
       [](double x) { return x <= -3  ? 0.0
                             : x >= 3 ? 1.0
                                      : (2 * x + 3) / 6; }},
      {UnaryFn::reciprocal, "reciprocal", 0.5, [](double x) { return 1 / x; }, [](double x) { return -1 / (x * x); }},
      {UnaryFn::sign, "sign", 0, [](double x) { return x > 0   ? 1.0
                                                       : x < 0 ? -1.0
                                                               : 0.0; }, [](double) { return 0.0; }},
      {UnaryFn::floor, "floor", 0, [](double x) { return std::floor(x); }, [](double) { return 0.0; }},
      {UnaryFn::ceil, "ceil", 0, [](double x) { return std::ceil(x); }, [](double) { return 0.0; }},
      {UnaryFn::round, "round", 0, [](double x) { return std::nearbyint(x); }, [](double) { return 0.0; }},
      {UnaryFn::sin, "sin", 1, [](double x) { return std::sin(x); }, [](double x) { return std::cos(x); }},
      {UnaryFn::cos, "cos", 1, [](double x) { return std::cos(x); }, [](double x) { return -std::sin(x); }},
  };
  return all;
}

// Floats over the whole range, by stepping through their bits, denser where functions bend.
const std::vector<float>& sample() {
  static const std::vector<float> x = [] {
    std::vector<float> values = {0.0f,    -0.0f,     1.0f,    -1.0f,    0.5f,      -0.5f,     1.5f, 2.5f,
                                 -2.5f,   3.0f,      -3.0f,   6.0f,     INFINITY,  -INFINITY, NAN,  1e-45f,
                                 -1e-45f, 0x1p-126f, 3.4e38f, -3.4e38f, 88.72284f, -103.98f};
    for (uint64_t bits = 0; bits < 1ull << 32; bits += 40009) values.push_back(std::bit_cast<float>(uint32_t(bits)));
    for (int i = 0; i < 150000; ++i) values.push_back(-12 + 0.00016f * static_cast<float>(i));
    return values;
  }();
  return x;
}

std::vector<float> apply(const KernelTable& table, UnaryFn fn, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  table.map.unary_f32[static_cast<int>(fn)](x.data(), y.data(), static_cast<int64_t>(x.size()), kAlpha);
  return y;
}

TEST(MapFunctions, EachIsTestedOnce) {
  ASSERT_EQ(functions().size(), static_cast<size_t>(UnaryFn::count));
  for (size_t i = 0; i < functions().size(); ++i) EXPECT_EQ(static_cast<size_t>(functions()[i].fn), i);
}

// Against double; the other tables must equal the scalar one.
TEST(MapFunctions, WithinUlpOverTheWholeRange) {
  const KernelTable& scalar = *available_kernels()[0];
  for (const Function& function : functions()) {
    const std::vector<float> y = apply(scalar, function.fn, sample());
    double worst = 0;
    float at = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      const float x = sample()[i];
      if (std::isnan(x)) {
        EXPECT_TRUE(std::isnan(y[i])) << function.name;
        continue;
      }
      const double distance = ulp_distance(y[i], function.f(x));
      if (distance > worst) worst = distance, at = x;
    }
    EXPECT_LE(worst, function.ulp) << function.name << " at " << at;
  }
}

TEST_P(Map, SameBitsAsScalar) {
  for (const Function& function : functions()) {
    const std::vector<float> expected = apply(*available_kernels()[0], function.fn, sample());
    const int64_t at = first_difference(expected, apply(table(), function.fn, sample()));
    EXPECT_EQ(at, -1) << function.name << " at " << sample()[static_cast<size_t>(std::max<int64_t>(at, 0))];
  }
}

TEST_P(Map, GradientWithinTolerance) {
  const KernelTable& t = table();
  for (const Function& function : functions()) {
    std::vector<float> x;
    for (int i = 0; i < 5003; ++i) x.push_back(-12.0f + 24.0f * static_cast<float>(i) / 5002.0f);
    for (float kink : {0.0f, 6.0f, -1.0f, 1.0f, 3.0f, -3.0f}) x.push_back(kink);
    if (function.fn == UnaryFn::log || function.fn == UnaryFn::sqrt || function.fn == UnaryFn::rsqrt ||
        function.fn == UnaryFn::reciprocal) {
      for (float& v : x) v = std::abs(v) + 0.01f;
    }
    const std::vector<float> y = apply(t, function.fn, x), dy = normal_values(random, static_cast<int64_t>(x.size()));
    std::vector<float> dx(x.size());
    t.map.unary_grad_f32[static_cast<int>(function.fn)](x.data(), y.data(), dy.data(), dx.data(),
                                                        static_cast<int64_t>(x.size()), kAlpha);
    for (size_t i = 0; i < x.size(); ++i) {
      const double slope = function.df(x[i]);
      ASSERT_NEAR(dx[i], slope * dy[i], 1e-6 * std::abs(dy[i]) * (1 + std::abs(slope)))
          << function.name << " at " << x[i];
    }
  }
}

TEST_P(Map, AnyLengthInPlaceSameBits) {
  for (const Function& function : functions()) {
    const std::vector<float> x = normal_values(random, 40), whole = apply(table(), function.fn, x);
    for (int64_t n = 0; n <= 40; ++n) {
      std::vector<float> part(x.begin(), x.begin() + n);  // ends where the block ends
      table().map.unary_f32[static_cast<int>(function.fn)](part.data(), part.data(), n, kAlpha);
      ASSERT_EQ(first_difference(part, {whole.begin(), whole.begin() + n}), -1) << function.name << " " << n;
    }
  }
}

THIMBLE_EVERY_TABLE(Map);

}  // namespace
}  // namespace thimble
