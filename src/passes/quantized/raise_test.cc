#include "passes/quantized/raise.h"

#include <gtest/gtest.h>

#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/conv2d/conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/transpose/transpose.h"
#include "ops/unary/unary.h"

namespace thimble {
namespace {

// Graphs as ONNX's readers make them.
struct Net {
  Graph graph;
  Builder b{graph};

  TensorId integers(const char* name, DType type, Shape shape, std::vector<int> values, Quantization quant) {
    std::vector<int8_t> bytes(values.begin(), values.end());
    std::vector<int32_t> words(values.begin(), values.end());
    const TensorId t = b.constant(
        name, type, shape,
        type == DType::i32 ? Data::of(std::span<const int32_t>(words)) : Data::of(std::span<const int8_t>(bytes)));
    graph.at(t).quant = std::move(quant);
    return t;
  }
  TensorId real(TensorId q) { return *b.op(Op::dequantize, {q}, {}, "real"); }
  TensorId quantized(TensorId x, DType type, float scale, int32_t zero) {
    const Tensor like{.type = type, .quant = {{scale}, {zero}, 0}};
    return *b.op(Op::quantize, {x}, {}, "quantized", &like);
  }
  TensorId rounded(TensorId x, DType type, float scale, int32_t zero) { return real(quantized(x, type, scale, zero)); }
};

std::vector<Op> ops_of(const Graph& graph) {
  std::vector<Op> ops;
  for (const Node& n : graph.nodes) ops.push_back(n.op);
  return ops;
}

Graph raise(const Graph& graph) {
  auto checked = check(graph);
  EXPECT_TRUE(checked) << checked.error().to_string();
  auto raised = raise_quantized(std::move(*checked));
  EXPECT_TRUE(raised) << raised.error().to_string();
  return raised->graph;
}

TEST(RaiseQuantized, MakesALayerOfIntegersWithItsBiasAndItsActivation) {
  Net n;
  const TensorId x = n.b.input("x", DType::f32, {1, 2});
  const TensorId q = n.rounded(x, DType::u8, 0.5f, 128);
  const TensorId w =
      n.real(n.integers("w", DType::i8, {3, 2}, {1, -2, 3, 4, -5, 6}, {{0.25f, 0.5f, 1.0f}, {0, 0, 0}, 0}));
  const TensorId bias = n.real(n.integers("b", DType::i32, {3}, {7, 8, 9}, {{0.125f, 0.25f, 0.5f}, {0, 0, 0}, 0}));
  FullyConnectedAttrs attrs;
  attrs.keep_num_dims = true;
  const TensorId y = *n.b.op(Op::fully_connected, {q, w, bias}, attrs, "dense");
  const TensorId relu = *n.b.op(Op::relu, {y}, UnaryAttrs{}, "relu");
  n.graph.outputs = {n.rounded(relu, DType::u8, 0.25f, 100)};
  const Graph g = raise(n.graph);
  ASSERT_EQ(ops_of(g), (std::vector<Op>{Op::quantize, Op::fully_connected, Op::dequantize})) << dump(g);
  const Node& dense = g.nodes[1];
  EXPECT_EQ(dense.attrs.as<FullyConnectedAttrs>().activation, Activation::relu);
  EXPECT_EQ(g.at(dense.inputs[0]).type, DType::i8);
  EXPECT_EQ(g.at(dense.inputs[0]).quant.zero_point[0], 0);
  EXPECT_EQ(g.at(dense.outputs[0]).quant.zero_point[0], -28);
  const auto values = g.at(dense.inputs[2]).data.as<int32_t>();
  EXPECT_EQ(std::vector<int32_t>(values.begin(), values.end()), (std::vector<int32_t>{7, 8, 9}));
}

TEST(RaiseQuantized, DropsAClampThatTheRangeMakesAndMovesThroughTranspositions) {
  Net n;
  const TensorId x = n.b.input("x", DType::f32, {1, 1, 2, 2});
  const std::vector<int32_t> to_last = {0, 2, 3, 1}, to_first = {0, 3, 1, 2};
  TensorId t = n.rounded(x, DType::i8, 0.5f, 3);
  t = *n.b.op(Op::transpose, {t, n.b.constant_i32("perm", to_last)}, TransposeAttrs{}, "last");
  const TensorId w = n.real(n.integers("w", DType::i8, {1, 1, 1, 1}, {2}, {{0.25f}, {0}, 0}));
  t = *n.b.op(Op::conv2d, {t, w}, Conv2dAttrs{}, "conv");
  t = *n.b.op(Op::transpose, {t, n.b.constant_i32("perm", to_first)}, TransposeAttrs{}, "first");
  t = *n.b.op(Op::maximum, {t, n.b.scalar_f32(0)}, BinaryAttrs{}, "low");
  n.graph.outputs = {n.rounded(t, DType::i8, 0.25f, -128)};
  const Graph g = raise(n.graph);
  ASSERT_EQ(ops_of(g), (std::vector<Op>{Op::quantize, Op::transpose, Op::conv2d, Op::transpose, Op::dequantize}))
      << dump(g);
  EXPECT_EQ(g.at(g.nodes[1].inputs[0]).type, DType::i8);
  EXPECT_EQ(g.at(g.nodes[3].outputs[0]).type, DType::i8);
}

// A hard sigmoid: x · 0.2 are the same integers in another scale, and what is added goes into one sum of integers.
TEST(RaiseQuantized, MultipliesByANumberAndAddsOne) {
  Net n;
  const TensorId x = n.b.input("x", DType::f32, {4});
  TensorId t = n.rounded(x, DType::i8, 0.05f, 7);
  t = *n.b.op(Op::mul, {t, n.b.scalar_f32(0.2f)}, BinaryAttrs{}, "mul");
  t = *n.b.op(Op::add, {t, n.b.scalar_f32(0.5f)}, BinaryAttrs{}, "add");
  t = *n.b.op(Op::relu_0_to_1, {t}, UnaryAttrs{}, "clamp");
  n.graph.outputs = {n.rounded(t, DType::i8, 1.0f / 255, -128)};
  const Graph g = raise(n.graph);
  ASSERT_EQ(ops_of(g), (std::vector<Op>{Op::quantize, Op::mul, Op::add, Op::dequantize})) << dump(g);
  EXPECT_FLOAT_EQ(g.at(g.nodes[1].outputs[0]).quant.scale[0], 0.01f);
  EXPECT_EQ(g.at(g.nodes[1].outputs[0]).quant.zero_point[0], 7);
}

TEST(RaiseQuantized, LeavesInFloatWhatIsReadAsFloat) {
  Net n;
  const TensorId x = n.b.input("x", DType::f32, {4});
  const TensorId a = n.rounded(x, DType::i8, 0.5f, 0);
  const TensorId sum = *n.b.op(Op::add, {a, a}, BinaryAttrs{}, "sum");
  n.graph.outputs = {n.rounded(sum, DType::i8, 1.0f, 0), sum};
  const Graph g = raise(n.graph);
  for (const Node& node : g.nodes) EXPECT_FALSE(node.op == Op::add && g.at(node.outputs[0]).type == DType::i8);
}

// Halves to even, as ONNX has it, where no operator became one of integers.
TEST(RaiseQuantized, QuantisesExactlyWhereNothingIsRaised) {
  Net n;
  const TensorId x = n.b.input("x", DType::f32, {4});
  n.graph.outputs = {n.quantized(x, DType::i8, 2.0f, 1)};
  const Graph g = raise(n.graph);
  EXPECT_EQ(ops_of(g), (std::vector<Op>{Op::div, Op::round, Op::add, Op::maximum, Op::minimum, Op::cast})) << dump(g);
  EXPECT_EQ(g.at(g.outputs[0]).type, DType::i8);
}

TEST(RaiseQuantized, KeepsUint8WhereWeightsDoNotLieAroundZero) {
  Net n;
  const TensorId x = n.b.input("x", DType::f32, {1, 2});
  const TensorId q = n.rounded(x, DType::u8, 0.5f, 128);
  const TensorId bias = n.real(n.integers("b", DType::i32, {1}, {7}, {{0.125f}, {0}, 0}));
  const TensorId w = n.real(n.integers("w", DType::u8, {1, 2}, {3, 250}, {{0.25f}, {3}, 0}));
  FullyConnectedAttrs attrs;
  attrs.keep_num_dims = true;
  const TensorId y = *n.b.op(Op::fully_connected, {q, w, bias}, attrs, "dense");
  n.graph.outputs = {n.rounded(y, DType::u8, 0.25f, 100)};
  const Graph g = raise(n.graph);
  ASSERT_EQ(ops_of(g), (std::vector<Op>{Op::quantize, Op::fully_connected, Op::dequantize})) << dump(g);
  EXPECT_EQ(g.at(g.nodes[1].outputs[0]).type, DType::u8);
}

// q · wᵀ and an addition behind it, quantised.
Graph raised_dense(Net& n, TensorId q, TensorId w) {
  FullyConnectedAttrs attrs;
  attrs.keep_num_dims = true;
  const TensorId y = *n.b.op(Op::fully_connected, {q, w}, attrs, "dense");
  const std::vector<float> bias = {1, 0.5f, -1};
  const TensorId sum = *n.b.op(Op::add, {y, n.b.constant_f32("bias", {3}, bias)}, BinaryAttrs{}, "sum");
  n.graph.outputs = {n.rounded(sum, DType::i8, 0.25f, 0)};
  return raise(n.graph);
}

TEST(RaiseQuantized, JoinsAnAdditionBehindADenseLayer) {
  Net n;
  const TensorId x = n.b.input("x", DType::f32, {2, 2});
  const TensorId q = n.rounded(x, DType::i8, 0.5f, 0);
  const TensorId w = n.real(n.integers("w", DType::i8, {3, 2}, {1, -2, 3, 4, -5, 6}, {{0.25f}, {0}, 0}));
  const Graph g = raised_dense(n, q, w);
  ASSERT_EQ(ops_of(g), (std::vector<Op>{Op::quantize, Op::fully_connected, Op::dequantize})) << dump(g);
  const auto values = g.at(g.nodes[1].inputs[2]).data.as<int32_t>();
  EXPECT_EQ(std::vector<int32_t>(values.begin(), values.end()), (std::vector<int32_t>{8, 4, -8}));
}

// As a MatMul has them, with a scale per column, where they were too large to be turned while reading.
TEST(RaiseQuantized, TurnsTheIntegersOfWeights) {
  Net n;
  const TensorId x = n.b.input("x", DType::f32, {1, 2});
  const TensorId q = n.rounded(x, DType::i8, 0.5f, 0);
  TensorId w = n.real(n.integers("w", DType::i8, {2, 3}, {1, 3, -5, -2, 4, 6}, {{0.25f, 0.5f, 1.0f}, {0, 0, 0}, 1}));
  const std::vector<int32_t> turned = {1, 0};
  w = *n.b.op(Op::transpose, {w, n.b.constant_i32("perm", turned)}, TransposeAttrs{}, "turned");
  const Graph g = raised_dense(n, q, w);
  ASSERT_EQ(ops_of(g), (std::vector<Op>{Op::quantize, Op::fully_connected, Op::dequantize})) << dump(g);
  const Tensor& weights = g.at(g.nodes[1].inputs[1]);
  const auto values = weights.data.as<int8_t>();
  EXPECT_EQ(std::vector<int>(values.begin(), values.end()), (std::vector<int>{1, -2, 3, 4, -5, 6}));
  EXPECT_EQ(weights.quant.axis, 0);
  EXPECT_EQ(weights.quant.scale, (std::vector<float>{0.25f, 0.5f, 1.0f}));
  const auto biases = g.at(g.nodes[1].inputs[2]).data.as<int32_t>();
  EXPECT_EQ(std::vector<int32_t>(biases.begin(), biases.end()), (std::vector<int32_t>{8, 2, -2}));
}

}  // namespace
}  // namespace thimble
