// Weights with zeros: the sparse kernels against the dense ones and the reference, in every shape they can meet; int8
// bit for bit, float32 too (the order of the sums is the same).
#include <algorithm>

#include "base/random.h"
#include "harness.h"
#include "kernels/kernels.h"
#include "ops/builder.h"
#include "ops/conv2d/conv2d.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::test {
namespace {

struct Case {
  int64_t n, h, w, c, o, k;  // dense layers: rows n·h·w of c inputs
  int stride = 1;
  Padding padding = Padding::same;
  Activation activation = Activation::none;
  bool dense = false, bias = true;
  int zeros = 80, block = 1;  // percent
};

const Case kCases[] = {
    {1, 8, 8, 16, 24, 1},
    {2, 7, 5, 12, 33, 1, 1, Padding::same, Activation::relu6},
    {1, 9, 9, 8, 8, 3},
    {3, 6, 7, 4, 17, 3, 2},
    {2, 13, 11, 20, 40, 3, 1, Padding::valid, Activation::relu},
    {1, 20, 20, 64, 10, 5, 2, Padding::same, Activation::none, false, false, 95, 4},
    {1, 5, 5, 16, 70, 3, 1, Padding::same, Activation::none, false, true, 50, 16},
    {1, 40, 1, 8, 5, 1, 1, Padding::same, Activation::none, false, true, 100},
    {1, 6, 6, 32, 16, 1, 1, Padding::same, Activation::none, false, true, 0},
    {1, 12, 9, 8, 12, 5, 1, Padding::same, Activation::none, false, true, 60},
    {17, 1, 1, 64, 30, 1, 1, Padding::same, Activation::relu, true},
    {200, 1, 1, 20, 128, 1, 1, Padding::same, Activation::none, true, false, 90, 4},
    {1, 1, 1, 784, 128, 1, 1, Padding::same, Activation::relu, true, true, 80, 16},
    {3, 1, 1, 37, 10, 1, 1, Padding::same, Activation::none, true, true, 50, 4},
    {16, 1, 1, 7, 3, 1, 1, Padding::same, Activation::none, true},
    {31, 1, 1, 400, 65, 1, 1, Padding::same, Activation::none, true, true, 80, 16},
};

std::string place(const Case& c) {
  return format("{}x{}x{}x{} -> {}, kernel {}, stride {}, {} % zeros in blocks of {}", c.n, c.h, c.w, c.c, c.o, c.k,
                c.stride, c.zeros, c.block);
}

template <class T>
Data weights(Random& random, int64_t count, const Case& c) {
  std::vector<T> w(static_cast<size_t>(count));
  for (size_t i = 0; i < w.size(); i += static_cast<size_t>(c.block)) {
    const bool zero = random.below(100) < static_cast<uint64_t>(c.zeros);
    for (size_t j = i; j < std::min(w.size(), i + static_cast<size_t>(c.block)); ++j) {
      const auto v = static_cast<int>(random.below(255)) - 127;
      if (!zero) w[j] = sizeof(T) == 1 ? static_cast<T>(v) : static_cast<T>(static_cast<float>(v) * 0.01f);
    }
  }
  return Data::of(std::span<const T>(w));
}

Graph graph_of(const Case& c, bool int8, uint64_t seed) {
  Random random(seed);
  Graph graph;
  Builder b(graph);
  const DType type = int8 ? DType::i8 : DType::f32;
  const TensorId x = b.input("x", type, c.dense ? Shape{c.n, c.c} : Shape{c.n, c.h, c.w, c.c});
  const Shape shape = c.dense ? Shape{c.o, c.c} : Shape{c.o, c.k, c.k, c.c};
  const int64_t count = shape.elements();
  const TensorId w =
      b.constant("w", type, shape, int8 ? weights<int8_t>(random, count, c) : weights<float>(random, count, c));
  Tensor like{.type = type};
  if (int8) {
    Quantization q{{}, {}, 0};
    for (int64_t i = 0; i < c.o; ++i)
      q.scale.push_back(0.001f + 0.0005f * static_cast<float>(i % 5)), q.zero_point.push_back(0);
    graph.at(w).quant = q;
    graph.at(x).quant = {{0.05f}, {-9}, 0};
    like.quant = {{0.2f}, {4}, 0};
  }
  std::vector<TensorId> inputs = {x, w};
  if (c.bias) {
    std::vector<int32_t> integers(static_cast<size_t>(c.o));
    std::vector<float> reals(static_cast<size_t>(c.o));
    for (size_t i = 0; i < integers.size(); ++i) {
      integers[i] = static_cast<int32_t>(random.below(20001)) - 10000;
      reals[i] = static_cast<float>(integers[i]) * 1e-4f;
    }
    inputs.push_back(
        b.constant("b", int8 ? DType::i32 : DType::f32, Shape{c.o},
                   int8 ? Data::of(std::span<const int32_t>(integers)) : Data::of(std::span<const float>(reals))));
  }
  Result<TensorId> y = kNoTensor;
  if (c.dense) {
    FullyConnectedAttrs attrs;
    attrs.activation = c.activation;
    y = b.op(Op::fully_connected, inputs, attrs, "y", &like);
  } else {
    y = b.op(Op::conv2d, inputs, Conv2dAttrs{c.stride, c.stride, 1, 1, c.padding, c.activation}, "y", &like);
  }
  EXPECT_TRUE(y) << y.error().to_string();
  if (y) graph.outputs = {*y};
  return graph;
}

Bytes run(const Graph& graph, const Bytes& input, const PlanOptions& options) {
  auto program = Program::plan(graph, options);
  EXPECT_TRUE(program) << program.error().to_string();
  if (!program) return {};
  auto session = Session::create(*program);
  EXPECT_TRUE(session);
  if (!session) return {};
  std::memcpy((*session)->input(0).data(), input.data(), input.size());
  (*session)->run();
  (*session)->run();
  const auto y = (*session)->output(0);
  return {y.begin(), y.end()};
}

class SparseWeightsTest : public testing::TestWithParam<const KernelTable*> {};

TEST_P(SparseWeightsTest, EqualDenseWeights) {
  ASSERT_TRUE(force_isa(name(GetParam()->isa)));
  uint64_t seed = 1;
  for (const Case& c : kCases)
    for (const bool int8 : {true, false}) {
      const Graph graph = graph_of(c, int8, ++seed);
      Random random(seed + 500);
      Bytes input(static_cast<size_t>(graph.at(graph.inputs[0]).bytes()));
      for (size_t i = 0; i < input.size(); i += int8 ? 1 : 4) {
        const auto v = static_cast<float>(random.below(2001)) * 0.002f - 2.0f;
        if (int8)
          input[i] = static_cast<uint8_t>(random.below(256));
        else
          std::memcpy(input.data() + i, &v, 4);
      }
      const Bytes reference = run(graph, input, {.reference_only = true});
      const Bytes dense = run(graph, input, {.weights = ConstantForm::dense});
      const Bytes sparse = run(graph, input, {.weights = ConstantForm::sparse});
      const Bytes threads = run(graph, input, {.threads = 2, .weights = ConstantForm::sparse});
      const Bytes chosen = run(graph, input, {});
      const std::string what = place(c) + (int8 ? " int8" : " float32");
      EXPECT_EQ(int8 ? difference_bytes(sparse, reference) : difference_floats(sparse, reference, 1e-5), "") << what;
      EXPECT_EQ(difference_bytes(sparse, dense), "") << what;
      EXPECT_EQ(sparse, threads) << what;
      EXPECT_EQ(chosen, dense) << what;
    }
  force_isa("");
}

INSTANTIATE_TEST_SUITE_P(Isa, SparseWeightsTest,
                         testing::ValuesIn(available_kernels().begin(), available_kernels().end()),
                         [](const auto& table) { return std::string(name(table.param->isa)); });

}  // namespace
}  // namespace thimble::test
