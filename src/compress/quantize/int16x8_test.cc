// int8 weights with int16 activations: exactness between paths, distance from float, types, what stays float.
#include "compress/test_graphs.h"
#include "formats/tflite/tflite.h"

namespace thimble {
namespace {

using namespace test;
using Io = QuantizeOptions::Io;

Result<Quantized> wide(const Graph& graph, QuantizeOptions options = {}) {
  options.to = QuantizeTo::int16x8;
  return quantize(graph, options, random_samples());
}

// Layers that all have a form in int16.
Graph plain_cnn(uint64_t seed) {
  Net net(seed);
  Conv2dAttrs relu;
  relu.activation = Activation::relu;
  const TensorId x = net.input({1, 12, 12, 3});
  const TensorId a = net.depthwise(net.conv(x, 16, 3, "conv_1", relu), 3, "depthwise_1");
  const TensorId b = net.pool(Op::max_pool, net.conv(a, 16, 1, "conv_2", {}, false), 2, "max");
  const TensorId c = net.flat(net.pool(Op::average_pool, b, 2, "mean"));
  const TensorId d = net.dense(net.dense(c, 20, "dense_1", Activation::relu), 10, "dense_2");
  return net.finish(net.add(Op::softmax, {d}, SoftmaxAttrs{}, "probabilities"));
}

TEST(Int16x8, EveryPathGivesTheSameBytesAndStaysNearFloat) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const Graph graph = plain_cnn(seed);
    const auto q = wide(graph);
    ASSERT_TRUE(q) << q.error().to_string();
    EXPECT_EQ(q->left.size(), 0u);
    const auto file = write_tflite(q->graph);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto again = read_tflite(*file);
    ASSERT_TRUE(again) << again.error().to_string();
    for (uint64_t i = 0; i < 5; ++i) {
      const auto input = random_values(432, 77 + i);
      const Bytes want = run(q->graph, input, true);
      EXPECT_EQ(run(q->graph, input), want);
      EXPECT_EQ(run(q->graph, input, false, 2), want);
      EXPECT_EQ(run(*again, input), want);
      EXPECT_LT(largest_difference(run_floats(q->graph, input), run_floats(graph, input)), 0.01);
    }
  }
}

TEST(Int16x8, TypesAndScales) {
  const auto q = wide(plain_cnn(2));
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_EQ(find(q->graph, "conv_1/w")->type, DType::i8);
  const Tensor& bias = *find(q->graph, "conv_1/b");
  EXPECT_EQ(bias.type, DType::i64);
  for (const Tensor& t : q->graph.tensors) {
    if (t.type != DType::i16) continue;
    ASSERT_EQ(t.quant.zero_point.size(), 1u) << t.name;
    EXPECT_EQ(t.quant.zero_point[0], 0) << t.name;
  }
  EXPECT_EQ(find(q->graph, "probabilities/int16")->quant.scale[0], 1.0f / 32768);
  EXPECT_EQ(find(q->graph, "max")->quant, find(q->graph, "conv_2")->quant);
}

TEST(Int16x8, InputAndOutputTypes) {
  const auto q = wide(plain_cnn(3), {.io = Io::int16});
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_EQ(q->graph.at(q->graph.inputs[0]).type, DType::i16);
  EXPECT_EQ(q->graph.at(q->graph.outputs[0]).type, DType::i16);
  EXPECT_EQ(count(q->graph, Op::quantize) + count(q->graph, Op::dequantize), 0);
  EXPECT_FALSE(wide(plain_cnn(3), {.io = Io::int8}));
  EXPECT_FALSE(wide(plain_cnn(3), {.io = Io::uint8}));
}

TEST(Int16x8, OperatorsWithoutSuchAFormStayFloatInBetween) {
  Net net(10);
  const TensorId x = net.input({1, 16});
  const TensorId d =
      net.add(Op::div, {net.dense(x, 12, "a"), net.constant("divisors", {12}, 1)}, BinaryAttrs{}, "quotient");
  const Graph graph = net.finish(net.dense(d, 6, "b"));
  const auto q = wide(graph);
  ASSERT_TRUE(q) << q.error().to_string();
  ASSERT_EQ(q->left.size(), 1u);
  EXPECT_EQ(q->left[0].name, "divisors");
  EXPECT_EQ(count(q->graph, Op::quantize), 2);
  EXPECT_EQ(count(q->graph, Op::dequantize), 2);
}

}  // namespace
}  // namespace thimble
