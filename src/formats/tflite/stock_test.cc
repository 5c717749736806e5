// What other runtimes demand of a file.
#include "formats/tflite/stock.h"

#include <gtest/gtest.h>

#include "formats/tflite/tflite.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble {
namespace {

// A depthwise and a plain convolution without biases.
Graph unbiased(bool integers) {
  Graph graph;
  Builder b(graph);
  const auto weights = [&](const char* name, Shape shape) {
    const auto n = static_cast<size_t>(shape.elements());
    if (!integers) return b.constant_f32(name, shape, std::vector<float>(n, 0.5f));
    const TensorId t =
        b.constant(name, DType::i8, shape, Data::of(std::span<const int8_t>(std::vector<int8_t>(n, int8_t{3}))));
    graph.at(t).quant = {{0.25f}, {0}};
    return t;
  };
  const auto activation = [&](TensorId t) {
    if (integers) graph.at(t).quant = {{0.5f}, {-1}};
    return t;
  };
  const TensorId x = activation(b.input("x", integers ? DType::i8 : DType::f32, Shape{1, 4, 4, 2}));
  const auto layer = [&](Op op, TensorId in, TensorId w, const char* name, int64_t channels) {
    const TensorId y = activation(
        graph.add({.name = name, .type = integers ? DType::i8 : DType::f32, .shape = Shape{1, 4, 4, channels}}));
    graph.nodes.push_back({.op = op, .inputs = {in, w}, .outputs = {y}, .attrs = Conv2dAttrs{}, .name = name});
    return y;
  };
  const TensorId d = layer(Op::depthwise_conv2d, x, weights("d/w", {1, 1, 1, 2}), "d", 2);
  graph.outputs = {layer(Op::conv2d, d, weights("c/w", {3, 1, 1, 2}), "c", 3)};
  return graph;
}

TEST(Stock, BiasesAreWrittenWhereKernelsReadOne) {
  for (const bool integers : {false, true}) {
    const Graph graph = unbiased(integers);
    ASSERT_TRUE(verify(graph)) << verify(graph).error().to_string();
    EXPECT_FALSE(tflite::is_complete(graph));
    EXPECT_EQ(tflite::stock_obstacles(graph).size(), 2u);
    const auto file = write_tflite(graph);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto read = read_tflite(*file);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_TRUE(tflite::stock_obstacles(*read).empty());
    for (const Node& node : read->nodes) {
      ASSERT_EQ(node.inputs.size(), 3u) << node.name;
      const Tensor& bias = read->at(node.inputs[2]);
      EXPECT_EQ(bias.name, node.name + "/bias");
      EXPECT_EQ(bias.type, integers ? DType::i32 : DType::f32);
      EXPECT_EQ(bias.shape.elements(), read->at(node.outputs[0]).shape.dim(-1));
      for (const int32_t v : bias.data.as<int32_t>()) EXPECT_EQ(v, 0);
      if (integers) {
        EXPECT_FLOAT_EQ(bias.quant.scale.at(0), 0.125f);
      }
    }
  }
}

// Clustered weights have one scale, which LiteRT's hybrid convolutions want once per channel; values stay as they are.
TEST(Stock, HybridConvolutionsHaveAScalePerChannel) {
  Graph graph = unbiased(false);
  for (const Node& node : graph.nodes) {
    Tensor& w = graph.at(node.inputs[1]);
    const std::vector<int8_t> values(static_cast<size_t>(w.shape.elements()), int8_t{5});
    w.type = DType::i8;
    w.data = Data::of(std::span<const int8_t>(values));
    w.quant = {{0.25f}, {0}};
  }
  ASSERT_TRUE(verify(graph)) << verify(graph).error().to_string();
  EXPECT_EQ(tflite::stock_obstacles(graph).size(), 4u);
  const auto file = write_tflite(graph);
  ASSERT_TRUE(file) << file.error().to_string();
  const auto read = read_tflite(*file);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_TRUE(tflite::stock_obstacles(*read).empty());
  const Quantization depthwise = read->at(read->nodes[0].inputs[1]).quant,
                     conv = read->at(read->nodes[1].inputs[1]).quant;
  EXPECT_EQ(depthwise.scale, (std::vector<float>{0.25f, 0.25f}));
  EXPECT_EQ(depthwise.axis, 3);
  EXPECT_EQ(conv.scale, (std::vector<float>{0.25f, 0.25f, 0.25f}));
  EXPECT_EQ(conv.axis, 0);
}

TEST(Stock, ScalesThatKernelsCannotPrepareAreNamed) {
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::i8, Shape{1, 4});
  graph.at(x).quant = {{2.0f}, {0}};
  const TensorId y = graph.add({.name = "y", .type = DType::i8, .shape = Shape{1, 4}, .quant = {{1e-6f}, {0}}});
  graph.nodes.push_back(
      {.op = Op::squared_difference, .inputs = {x, x}, .outputs = {y}, .attrs = BinaryAttrs{}, .name = "variance"});
  graph.outputs = {y};
  ASSERT_EQ(tflite::stock_obstacles(graph).size(), 1u);
  EXPECT_NE(tflite::stock_obstacles(graph)[0].find("variance"), std::string::npos);
  graph.at(y).quant.scale[0] = 0.01f;
  EXPECT_TRUE(tflite::stock_obstacles(graph).empty());
}

}  // namespace
}  // namespace thimble
