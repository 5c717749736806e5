// Weights of few values: dense layers that look them up against the dense kernels and the reference, at sizes of every
// kind of tile, and which layers the plan gives codes at all.
#include <algorithm>
#include <limits>

#include "base/random.h"
#include "harness.h"
#include "kernels/kernels.h"
#include "ops/builder.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::test {
namespace {

struct Case {
  int64_t rows, inputs, outputs;
  int values = 16;
  Activation activation = Activation::none;
  bool bias = true;
};

const Case kCases[] = {
    {1, 784, 128, 16, Activation::relu},
    {1, 37, 10},
    {1, 400, 65, 3, Activation::none, false},
    {1, 5000, 100, 16, Activation::relu6},
    {1, 1, 1, 1},
    {1, 301, 33, 2},
    {1, 2000, 1000, 16, Activation::relu},  // long enough for two threads
    {2, 128, 64},
    {3, 99, 45, 16, Activation::relu},
    {4, 784, 70, 9, Activation::none, false},
    {5, 64, 64},        // more rows than the kernels take
    {1, 300, 128, 17},  // more values
};

bool has_codes(const Case& c) { return c.rows <= kPaletteRows && c.values <= kPaletteValues; }

std::string place(const Case& c) {
  return format("{} rows of {} to {}, {} values", c.rows, c.inputs, c.outputs, c.values);
}

std::vector<float> numbers(Random& random, int64_t count) {
  std::vector<float> x(static_cast<size_t>(count));
  for (float& v : x) v = static_cast<float>(random.below(4001)) * 1e-3f - 2.0f;
  return x;
}

Graph graph_of(const Case& c, uint64_t seed) {
  Random random(seed);
  std::vector<float> values, weights(static_cast<size_t>(c.inputs * c.outputs));
  for (int i = 0; i < c.values; ++i) values.push_back(static_cast<float>(i - 5) * 0.03f);
  if (c.values > 9) values[9] = -0.0f;  // 0 is among them as well: two values, told apart by their bits
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = values[i < values.size() ? i : random.below(static_cast<uint64_t>(c.values))];
  Graph graph;
  Builder b(graph);
  std::vector<TensorId> inputs = {b.input("x", DType::f32, Shape{c.rows, c.inputs})};
  inputs.push_back(b.constant("w", DType::f32, Shape{c.outputs, c.inputs}, Data::of(std::span<const float>(weights))));
  const std::vector<float> bias = numbers(random, c.outputs);
  if (c.bias) inputs.push_back(b.constant("b", DType::f32, Shape{c.outputs}, Data::of(std::span<const float>(bias))));
  FullyConnectedAttrs attrs;
  attrs.activation = c.activation;
  const auto y = b.op(Op::fully_connected, inputs, attrs, "y");
  EXPECT_TRUE(y) << y.error().to_string();
  if (y) graph.outputs = {*y};
  return graph;
}

template <class T>
std::vector<T> run(const Graph& graph, const std::vector<T>& input, const PlanOptions& options,
                   int64_t* bytes = nullptr) {
  auto program = Program::plan(graph, options);
  EXPECT_TRUE(program) << program.error().to_string();
  if (!program) return {};
  if (bytes) *bytes = (*program)->prepacked_bytes();
  auto session = Session::create(*program);
  EXPECT_TRUE(session);
  if (!session) return {};
  std::memcpy((*session)->input(0).data(), input.data(), input.size() * sizeof(T));
  (*session)->run();
  (*session)->run();
  const auto y = (*session)->output(0);
  std::vector<T> result(y.size() / sizeof(T));
  std::memcpy(result.data(), y.data(), y.size());
  return result;
}

// The same bits, where any NaN equals any other.
bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](float x, float y) { return std::memcmp(&x, &y, sizeof x) == 0 || (x != x && y != y); });
}

// int8: weights of c.values values within ±most, one scale per column.
Graph graph_s8(const Case& c, int most, uint64_t seed) {
  Random random(seed);
  std::vector<int8_t> weights(static_cast<size_t>(c.inputs * c.outputs));
  for (size_t i = 0; i < weights.size(); ++i) {
    const uint64_t value = i < static_cast<size_t>(c.values) ? i : random.below(static_cast<uint64_t>(c.values));
    weights[i] = static_cast<int8_t>(most - static_cast<int>(value) * 2 * most / std::max(c.values - 1, 1));
  }
  std::vector<int32_t> bias(static_cast<size_t>(c.outputs));
  for (int32_t& b : bias) b = static_cast<int32_t>(random.below(20001)) - 10000;
  Graph graph;
  Builder b(graph);
  std::vector<TensorId> inputs = {b.input("x", DType::i8, Shape{c.rows, c.inputs})};
  inputs.push_back(b.constant("w", DType::i8, Shape{c.outputs, c.inputs}, Data::of(std::span<const int8_t>(weights))));
  if (c.bias) inputs.push_back(b.constant("b", DType::i32, Shape{c.outputs}, Data::of(std::span<const int32_t>(bias))));
  graph.at(inputs[0]).quant = {{0.05f}, {-9}, 0};
  Quantization q{{}, {}, 0};
  for (int64_t j = 0; j < c.outputs; ++j)
    q.scale.push_back(0.001f + 0.0005f * static_cast<float>(j % 5)), q.zero_point.push_back(0);
  graph.at(inputs[1]).quant = q;
  FullyConnectedAttrs attrs;
  attrs.activation = c.activation;
  Tensor like{.type = DType::i8};
  like.quant = {{most > 64 ? 1.0f : 0.1f}, {4}, 0};
  const auto y = b.op(Op::fully_connected, inputs, attrs, "y", &like);
  EXPECT_TRUE(y) << y.error().to_string();
  if (y) graph.outputs = {*y};
  return graph;
}

class PaletteWeightsTest : public testing::TestWithParam<const KernelTable*> {
 protected:
  void SetUp() override { ASSERT_TRUE(force_isa(name(GetParam()->isa))); }
  void TearDown() override { force_isa(""); }
};

TEST_P(PaletteWeightsTest, EqualDenseWeights) {
  uint64_t seed = 1;
  for (const Case& c : kCases)
    for (const bool finite : {true, false}) {
      const Graph graph = graph_of(c, ++seed);
      Random random(seed + 500);
      std::vector<float> input = numbers(random, c.rows * c.inputs);
      if (!finite) {
        input[random.below(input.size())] = std::numeric_limits<float>::infinity();
        input[random.below(input.size())] = std::numeric_limits<float>::quiet_NaN();
      }
      int64_t dense_bytes = 0, palette_bytes = 0;
      const auto dense = run(graph, input, {.weights = ConstantForm::dense}, &dense_bytes);
      const auto palette = run(graph, input, {.weights = ConstantForm::palette}, &palette_bytes);
      const auto threads = run(graph, input, {.threads = 2, .weights = ConstantForm::palette});
      const auto chosen = run(graph, input, {});
      EXPECT_TRUE(same(palette, dense)) << place(c);
      EXPECT_TRUE(same(threads, dense)) << place(c);
      EXPECT_TRUE(same(chosen, dense)) << place(c);
      if (c.outputs >= 64) {  // whole tiles
        EXPECT_EQ(palette_bytes < dense_bytes, has_codes(c)) << place(c);
      }
      if (!finite) continue;
      const auto reference = run(graph, input, {.reference_only = true});
      ASSERT_EQ(palette.size(), reference.size());
      for (size_t i = 0; i < palette.size(); ++i)
        EXPECT_NEAR(palette[i], reference[i], 1e-4f * std::max(1.0f, std::abs(reference[i]))) << place(c);
    }
}

// Nothing that nobody measured: small layers, where tables have costs at all, and tables without.
TEST_P(PaletteWeightsTest, AreTakenWhereMeasuredFaster) {
  for (const Case& c : {Case{1, 784, 256}, Case{1, 64, 32}, Case{3, 784, 256}, Case{1, 784, 256, 17}}) {
    const Graph graph = graph_of(c, 7);
    const std::vector<float> input(static_cast<size_t>(c.rows * c.inputs), 0.5f);
    int64_t dense = 0, chosen = 0;
    run(graph, input, {.weights = ConstantForm::dense}, &dense);
    run(graph, input, {}, &chosen);
    const bool expected =
        !GetParam()->palette.costs.empty() && c.rows == 1 && c.inputs == 784 && c.values <= kPaletteValues;
    EXPECT_EQ(chosen < dense, expected) << place(c);
  }
}

TEST_P(PaletteWeightsTest, EqualDenseWeightsInt8) {
  uint64_t seed = 100;
  for (const Case& c : kCases)
    for (const int most : {30, 64, 65, 127}) {
      const Graph graph = graph_s8(c, most, ++seed);
      Random random(seed + 500);
      std::vector<int8_t> input(static_cast<size_t>(c.rows * c.inputs));
      for (int8_t& v : input) v = static_cast<int8_t>(random.below(256));
      int64_t dense_bytes = 0, palette_bytes = 0;
      const auto reference = run(graph, input, {.reference_only = true});
      const auto dense = run(graph, input, {.weights = ConstantForm::dense}, &dense_bytes);
      const auto palette = run(graph, input, {.weights = ConstantForm::palette}, &palette_bytes);
      EXPECT_EQ(palette, reference) << place(c) << " within " << most;
      EXPECT_EQ(dense, reference) << place(c);
      EXPECT_EQ(run(graph, input, {}), reference) << place(c);
      EXPECT_EQ(run(graph, input, {.threads = 2, .weights = ConstantForm::palette}), reference) << place(c);
      if (c.outputs >= 64) {
        const bool codes = GetParam()->palette.s8 != nullptr && c.rows == 1 && c.values <= kPaletteValues;
        EXPECT_EQ(palette_bytes < dense_bytes, codes) << place(c);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Isa, PaletteWeightsTest,
                         testing::ValuesIn(available_kernels().begin(), available_kernels().end()),
                         [](const auto& table) { return std::string(name(table.param->isa)); });

}  // namespace
}  // namespace thimble::test
