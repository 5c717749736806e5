// Empty ranges and ones far below the inputs' resolution still give scales that other runtimes can prepare.
#include "compress/quantize/int8_limits.h"

#include "compress/test_graphs.h"
#include "formats/tflite/stock.h"

namespace thimble {
namespace {

using namespace test;

Graph int8_of(const Graph& graph, QuantizeOptions options = {}) {
  options.to = QuantizeTo::int8;
  options.io = QuantizeOptions::Io::int8;
  auto q = quantize(graph, options, random_samples());
  EXPECT_TRUE(q) << q.error().to_string();
  return q ? std::move(q->graph) : Graph{};
}

// x − x, its square and what a normalisation makes of it: ranges that are empty beside inputs of ±1e4.
TEST(Int8Limits, EmptyRanges) {
  for (const int scale_bits : {23, 0}) {
    Net net(1);
    const TensorId x = net.input({1, 6});
    const TensorId large = net.add(Op::mul, {x, net.builder.scalar_f32(1e4f)}, BinaryAttrs{}, "large");
    const TensorId none = net.add(Op::sub, {large, large}, BinaryAttrs{}, "none");
    const TensorId square = net.add(Op::squared_difference, {large, large}, BinaryAttrs{}, "square");
    const TensorId product = net.add(Op::mul, {none, large}, BinaryAttrs{}, "product");
    const TensorId sum = net.add(Op::add, {square, product}, BinaryAttrs{}, "sum");
    QuantizeOptions options;
    options.scale_bits = scale_bits;
    const Graph made = int8_of(net.finish(net.dense(sum, 3, "dense")), options);
    EXPECT_TRUE(tflite::stock_obstacles(made).empty()) << tflite::stock_obstacles(made)[0];
  }
}

// A dense layer that is silent but for a whisper.
TEST(Int8Limits, OutputsFarBelowTheirProducts) {
  Net net(2);
  const TensorId x = net.input({1, 4});
  const std::vector<float> weights(2 * 4, 50.0f), bias(2, -1e4f);
  const TensorId y =
      net.add(Op::fully_connected,
              {x, net.builder.constant_f32("w", {2, 4}, weights), net.builder.constant_f32("b", {2}, bias)},
              FullyConnectedAttrs{Activation::relu}, "silent");
  const TensorId z = net.add(Op::mul, {y, net.builder.scalar_f32(1e-7f)}, BinaryAttrs{}, "whisper");
  const Graph made = int8_of(net.finish(net.add(Op::softmax, {z}, SoftmaxAttrs{}, "softmax")));
  EXPECT_TRUE(tflite::stock_obstacles(made).empty()) << tflite::stock_obstacles(made)[0];
}

// Beside a neighbour of larger values the result of a hard swish has a coarse scale; its input's must not be much
// finer.
TEST(Int8Limits, HardSwishBesideLargerValues) {
  Net net(5);
  const TensorId x = net.input({1, 6});
  const TensorId tiny = net.add(Op::mul, {x, net.builder.scalar_f32(1e-4f)}, BinaryAttrs{}, "tiny");
  const TensorId swish = net.add(Op::hard_swish, {tiny}, UnaryAttrs{}, "swish");
  const TensorId large = net.add(Op::mul, {x, net.builder.scalar_f32(100.0f)}, BinaryAttrs{}, "large");
  const TensorId both = net.add(Op::concatenation, {swish, large}, ConcatenationAttrs{1}, "both");
  const Graph made = int8_of(net.finish(net.dense(both, 3, "dense")));
  EXPECT_TRUE(tflite::stock_obstacles(made).empty()) << tflite::stock_obstacles(made)[0];
  EXPECT_GT(find(made, "tiny")->quant.scale[0] * 512, find(made, "swish")->quant.scale[0]);
}

// What a raised scale shares with others is raised for all, and ranges that begin at 0 still do.
TEST(Int8Limits, GroupsStayTogether) {
  Net net(3);
  const TensorId x = net.input({1, 4, 4, 2});
  const TensorId square = net.add(Op::squared_difference, {x, x}, BinaryAttrs{}, "square");
  const TensorId pooled = net.pool(Op::max_pool, square, 2, "pool");
  const Graph made = int8_of(net.finish(net.dense(net.flat(pooled), 3, "dense")));
  EXPECT_EQ(find(made, "square")->quant, find(made, "pool")->quant);
  EXPECT_TRUE(tflite::stock_obstacles(made).empty());
}

// Where nothing is out of the ordinary, nothing changes.
TEST(Int8Limits, OrdinaryScalesStay) {
  const Graph graph = small_cnn(1);
  compress::Int8Layout layout = compress::lay_out_int8(graph, {});
  const auto ranges = compress::calibrate_int8(graph, layout, {}, random_samples());
  ASSERT_TRUE(ranges) << ranges.error().to_string();
  compress::Int8Plan plan = compress::choose_int8(graph, {}, layout, *ranges);
  const std::vector<Quantization> before = plan.quant;
  compress::hold_limits(graph, {}, plan);
  EXPECT_EQ(plan.quant, before);
}

}  // namespace
}  // namespace thimble
