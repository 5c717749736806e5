#include "app/tensor_diff.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace thimble::app {
namespace {

template <class T>
std::span<const uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)};
}

// A chain of nodes of one operator each, whose tensors have these names.
Graph chain(std::initializer_list<std::pair<Op, const char*>> nodes, Shape shape = {1, 4}) {
  Graph graph;
  TensorId last = graph.add({.name = "x", .shape = shape});
  graph.inputs = {last};
  for (const auto& [op, name] : nodes) {
    const TensorId y = graph.add({.name = name, .shape = shape});
    graph.nodes.push_back({.op = op, .inputs = {last}, .outputs = {y}, .name = name});
    last = y;
  }
  graph.outputs = {last};
  return graph;
}

constexpr Op kFirst{}, kSecond{1}, kThird{2};

std::vector<std::string> names(const Graph& a, const Graph& b) {
  std::vector<std::string> all;
  for (const TensorPair& p : match_tensors(a, b)) all.push_back(a.at(p.a).name + "=" + b.at(p.b).name);
  return all;
}

TEST(TensorDiff, MatchesByNameWhereverItStands) {
  const Graph a = chain({{kFirst, "p"}, {kSecond, "q"}, {kThird, "y"}});
  const Graph b = chain({{kFirst, "p"}, {kThird, "extra"}, {kSecond, "q"}, {kThird, "z"}});
  EXPECT_EQ(names(a, b), (std::vector<std::string>{"x=x", "p=p", "q=q", "y=z"}));
}

TEST(TensorDiff, MatchesByOrderWhatHasNoCommonName) {
  const Graph a = chain({{kFirst, "a0"}, {kSecond, "a1"}, {kFirst, "a2"}, {kThird, "y"}});
  const Graph b = chain({{kFirst, "b0"}, {kSecond, "b1"}, {kFirst, "b2"}, {kThird, "y"}});
  EXPECT_EQ(names(a, b), (std::vector<std::string>{"x=x", "a0=b0", "a1=b1", "a2=b2", "y=y"}));
  // Never across a pair that is certain, and none for what the other network lacks.
  const Graph c = chain({{kFirst, "c0"}, {kSecond, "a1"}, {kSecond, "c2"}, {kThird, "y"}});
  EXPECT_EQ(names(a, c), (std::vector<std::string>{"x=x", "a0=c0", "a1=a1", "y=y"}));
}

TEST(TensorDiff, NamesThatStandTwiceSayNothing) {
  const Graph a = chain({{kFirst, "n"}, {kSecond, "n"}, {kThird, "y"}});
  const Graph b = chain({{kSecond, "n"}, {kFirst, "m"}, {kThird, "y"}});
  EXPECT_EQ(names(a, b), (std::vector<std::string>{"x=x", "n=m", "y=y"}));
}

TEST(TensorDiff, RealValuesOfEveryScale) {
  const std::vector<int8_t> q{-128, 0, 127, 2};
  Tensor t{.type = DType::i8, .shape = {2, 2}, .quant = {.scale = {0.5F}, .zero_point = {-128}}};
  EXPECT_EQ(real_values(t, bytes_of(q)), (std::vector<double>{0, 64, 127.5, 65}));
  t.quant = {.scale = {0.5F, 2.0F}, .zero_point = {0, 1}, .axis = 1};
  EXPECT_EQ(real_values(t, bytes_of(q)), (std::vector<double>{-64, -2, 63.5, 2}));
  const std::vector<int64_t> large{(int64_t{1} << 40) + 1, -3};
  EXPECT_EQ(real_values({.type = DType::i64, .shape = {2}}, bytes_of(large)),
            (std::vector<double>{1099511627777.0, -3}));
}

TEST(TensorDiff, DifferencesOfWhatIsNoNumber) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();
  const Shape s{3};
  Difference same;
  same.add(std::vector<double>{kNan, kInf, 1}, std::vector<double>{kNan, kInf, 1}, s, s, Layouts::same);
  EXPECT_EQ(same.largest, 0);
  EXPECT_EQ(same.decibels(), kInf);
  Difference other;
  other.add(std::vector<double>{1, kNan, 1}, std::vector<double>{1, 0, 1}, s, s, Layouts::same);
  EXPECT_EQ(other.largest, kInf);
  EXPECT_EQ(other.not_finite, 1);
}

TEST(TensorDiff, SignalToNoise) {
  Difference d;
  d.add(std::vector<double>{3, 4}, std::vector<double>{3, 4.5}, {2}, {2}, Layouts::same);
  EXPECT_DOUBLE_EQ(d.largest, 0.5);
  EXPECT_DOUBLE_EQ(d.relative(), 0.125);
  EXPECT_DOUBLE_EQ(d.decibels(), 20);
}

TEST(TensorDiff, ComparesAcrossLayouts) {
  EXPECT_EQ(layouts_of({1, 2, 3, 4}, {1, 4, 2, 3}), Layouts::b_channels_first);
  EXPECT_EQ(layouts_of({1, 4, 2, 3}, {1, 2, 3, 4}), Layouts::a_channels_first);
  EXPECT_EQ(layouts_of({1, 2, 3, 4}, {2, 3, 4}), Layouts::same);
  EXPECT_FALSE(layouts_of({1, 2, 3, 4}, {1, 3, 2, 4}));
  // Row 0 is (1, 2), row 1 is (3, 4), two channels of each pixel: the second is ten times the first.
  const std::vector<double> last{1, 10, 2, 20, 3, 30}, first{1, 2, 3, 10, 20, 30};
  Difference d;
  d.add(last, first, {1, 1, 3, 2}, {1, 2, 1, 3}, Layouts::b_channels_first);
  d.add(first, last, {1, 2, 1, 3}, {1, 1, 3, 2}, Layouts::a_channels_first);
  EXPECT_EQ(d.largest, 0);
  EXPECT_EQ(d.elements, 12);
}

TEST(TensorDiff, Bounds) {
  Difference d;
  d.magnitude = 50;
  const Tensor real{.type = DType::f32}, whole{.type = DType::i64};
  const Tensor fine{.type = DType::i8, .quant = {.scale = {0.1F}, .zero_point = {0}}};
  const Tensor coarse{.type = DType::i8, .quant = {.scale = {0.4F}, .zero_point = {0}}};
  EXPECT_DOUBLE_EQ(bound_of(real, real, d, {}), 5e-4);
  EXPECT_NEAR(bound_of(fine, coarse, d, {}), 0.4, 1e-6);
  EXPECT_NEAR(bound_of(real, fine, d, {}), 0.1, 1e-6);
  EXPECT_EQ(bound_of(whole, whole, d, {}), 0);
  EXPECT_DOUBLE_EQ(bound_of(real, real, d, {.absolute = 1, .relative = 0.1}), 6);
}

}  // namespace
}  // namespace thimble::app
