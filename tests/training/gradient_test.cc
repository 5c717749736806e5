// Every operator that can be trained through against finite differences of its definition in double
// precision, by reference kernels and by fast ones, on one thread and on two.
//
// The loss is L = Σ r·y with fixed random r. Differences are central with one Richardson step,
// (4·D(h/2) − D(h)) / 3, at h = 2⁻¹⁴: their own error is about 1e-10, so what the tolerances allow
// (a few 1e-6 of the largest element) is float32 rounding of the gradient.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/random.h"
#include "gradient_graph.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "train/grad.h"

namespace thimble::test {
namespace {

constexpr double kStep = 0x1p-14;

const std::vector<GradientCase>& cases() {
  static const std::vector<GradientCase> all = gradient_cases();
  return all;
}

Values doubles(const GradientCase& c) {
  Values in;
  for (const Operand& o : c.operands) {
    in.push_back({o.shape, {}});
    if (o.is_float()) {
      in.back().v.assign(o.values.begin(), o.values.end());
    } else {
      in.back().v.assign(o.integers.begin(), o.integers.end());
    }
  }
  return in;
}

double loss(const GradientCase& c, const Values& in) {
  const Values out = c.forward(in);
  double sum = 0;
  for (size_t k = 0; k < static_cast<size_t>(c.used); ++k)
    for (size_t i = 0; i < out[k].v.size(); ++i) sum += loss_weight(k, i) * out[k].v[i];
  return sum;
}

// dL/dt at 0 of L(x + t·direction) in operand k.
double derivative(const GradientCase& c, Values& in, size_t k, const std::vector<double>& direction) {
  const std::vector<double> x = in[k].v;
  const auto at = [&](double t) {
    for (size_t i = 0; i < x.size(); ++i) in[k].v[i] = x[i] + t * direction[i];
    return loss(c, in);
  };
  const double wide = (at(kStep) - at(-kStep)) / (2 * kStep), narrow = (at(kStep / 2) - at(-kStep / 2)) / kStep;
  in[k].v = x;
  return (4 * narrow - wide) / 3;
}

class Gradient : public testing::TestWithParam<size_t> {};

// Elements against elements, or (large) one random direction with the elements' absolute sum as scale.
void compare(const GradientCase& c, const std::vector<std::vector<float>>& gradients, const char* mode) {
  Values in = doubles(c);
  size_t g = 0;
  for (size_t k = 0; k < c.operands.size(); ++k) {
    if (!c.operands[k].wanted) continue;
    std::vector<float> got = gradients[g++];
    const size_t n = c.operands[k].values.size();
    if (got.empty()) got.assign(n, 0);
    ASSERT_EQ(got.size(), n) << mode << " operand " << k;
    std::vector<double> direction(n, 0);
    if (c.large) {
      double sum = 0, scale = 0;
      for (size_t i = 0; i < n; ++i) {
        direction[i] = random_bits(9, k, i) & 1 ? 1 : -1;
        sum += direction[i] * static_cast<double>(got[i]);
        scale += static_cast<double>(got[i]) * static_cast<double>(got[i]);
      }
      // Rounding errors of n elements add up like √n: so does their root of squares.
      const double want = derivative(c, in, k, direction);
      EXPECT_NEAR(sum, want, 10 * c.tolerance * std::sqrt(scale) + 1e-7) << mode << " operand " << k;
      continue;
    }
    std::vector<double> want(n);
    double largest = 1e-3;
    for (size_t i = 0; i < n; ++i) {
      direction[i] = 1;
      want[i] = derivative(c, in, k, direction);
      direction[i] = 0;
      largest = std::max(largest, std::fabs(want[i]));
    }
    for (size_t i = 0; i < n; ++i)
      ASSERT_NEAR(static_cast<double>(got[i]), want[i], c.tolerance * largest + 1e-8)
          << mode << " operand " << k << " element " << i;
  }
}

TEST_P(Gradient, EqualsFiniteDifferences) {
  const GradientCase& c = cases()[GetParam()];
  ASSERT_TRUE(c.forward);
  const auto reference = run_gradient(c, {.reference_only = true});
  ASSERT_TRUE(reference) << reference.error().to_string();
  compare(c, *reference, "reference");
  const auto one = run_gradient(c, {.threads = 1}), two = run_gradient(c, {.threads = 2});
  ASSERT_TRUE(one) << one.error().to_string();
  ASSERT_TRUE(two) << two.error().to_string();
  compare(c, *one, "fast");
  EXPECT_EQ(*one, *two) << "two threads give other bits";
  // Element by element, so that errors cannot hide in a sum along a direction.
  for (size_t k = 0; c.large && k < one->size(); ++k) {
    double largest = 0, worst = 0;
    ASSERT_EQ((*one)[k].size(), (*reference)[k].size());
    for (size_t i = 0; i < (*one)[k].size(); ++i) {
      largest = std::max(largest, std::fabs(static_cast<double>((*reference)[k][i])));
      worst = std::max(worst, std::fabs(static_cast<double>((*one)[k][i]) - static_cast<double>((*reference)[k][i])));
    }
    EXPECT_LE(worst, 10 * c.tolerance * largest) << "fast against reference, operand " << k;
  }
}

std::vector<size_t> numbers() {
  std::vector<size_t> all(cases().size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}
std::string case_name(const testing::TestParamInfo<size_t>& info) {
  std::string name = cases()[info.param].name;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Cases, Gradient, testing::ValuesIn(numbers()), case_name);

TEST(Gradients, EveryDifferentiableOperatorHasACase) {
  std::set<Op> covered;
  for (const GradientCase& c : cases()) covered.insert(c.op);
  for (size_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    if (!gradient_of(op).rule) continue;
    EXPECT_TRUE(covered.count(op)) << name(op) << " has a gradient and no case in tests/training/gradient_cases*.cc";
  }
}

// Equal maxima have no derivative; the convention is that the first of them in the window gets all.
TEST(Gradients, TiesOfMaxPoolGoToTheFirst) {
  GradientCase c{.op = Op::max_pool,
                 .name = "ties",
                 .operands = {uniform({1, 4, 4, 1}, 0, 1, 1)},
                 .attrs = Pool2dAttrs{2, 2, 2, 2}};
  c.operands[0].values.assign(16, 1.0f);
  c.operands[0].values[15] = 2;
  std::vector<float> want(16, 0.0f);
  want[0] = static_cast<float>(loss_weight(0, 0));
  want[2] = static_cast<float>(loss_weight(0, 1));
  want[8] = static_cast<float>(loss_weight(0, 2));
  want[15] = static_cast<float>(loss_weight(0, 3));
  for (const PlanOptions& options : {PlanOptions{.reference_only = true}, PlanOptions{}, PlanOptions{.threads = 2}}) {
    const auto got = run_gradient(c, options);
    ASSERT_TRUE(got) << got.error().to_string();
    EXPECT_EQ((*got)[0], want);
  }
}

// A value that two nodes read gets the sum of both gradients: d(x·x)/dx.
TEST(Gradients, ContributionsAddUp) {
  GradientCase c{.op = Op::mul, .name = "both", .operands = {uniform({2, 3}, -2, 2, 1)}};
  Graph graph;
  Builder b(graph);
  const TensorId x =
      b.variable("x", DType::f32, Shape{1}, Data::of(std::span<const float>(c.operands[0].values).first(1)));
  const TensorId y = *b.op(Op::mul, {x, x}, BinaryAttrs{}, "y"), z = *b.op(Op::mul, {y, x}, BinaryAttrs{}, "z");
  const auto gradients = differentiate(b, z, std::span(&x, 1));
  ASSERT_TRUE(gradients) << gradients.error().to_string();
  graph.outputs = {(*gradients)[0]};
  const auto session = Session::create(*Program::plan(graph));
  ASSERT_TRUE(session);
  (*session)->run();
  const float v = c.operands[0].values[0];
  EXPECT_NEAR(*reinterpret_cast<const float*>((*session)->output(0).data()), 3 * v * v, 1e-5f);
}

}  // namespace
}  // namespace thimble::test
