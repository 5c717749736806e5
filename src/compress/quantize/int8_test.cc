// Full int8: exactness between paths, distance from float, degenerate ranges, mixed graphs, errors.
#include "compress/size_report.h"
#include "compress/test_graphs.h"
#include "formats/tflite/tflite.h"

namespace thimble {
namespace {

using namespace test;
using Io = QuantizeOptions::Io;

Result<Quantized> int8(const Graph& graph, QuantizeOptions options = {}) {
  options.to = QuantizeTo::int8;
  return quantize(graph, options, random_samples());
}

TEST(Int8, EveryPathGivesTheSameBytesAndStaysNearFloat) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const Graph graph = small_cnn(seed);
    const auto q = int8(graph);
    ASSERT_TRUE(q) << q.error().to_string();
    EXPECT_EQ(q->left.size(), 0u);
    const auto file = write_tflite(q->graph);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto again = read_tflite(*file);
    ASSERT_TRUE(again) << again.error().to_string();
    for (uint64_t i = 0; i < 10; ++i) {
      const auto input = random_values(432, 77 + i);
      const Bytes want = run(q->graph, input, true);
      EXPECT_EQ(run(q->graph, input), want);
      EXPECT_EQ(run(q->graph, input, false, 2), want);
      EXPECT_EQ(run(*again, input), want);
      EXPECT_LT(largest_difference(run_floats(q->graph, input), run_floats(graph, input)), 0.05);
    }
  }
}

TEST(Int8, EveryCalibrationStaysNearFloat) {
  const Graph graph = small_cnn(3);
  const auto input = random_values(432, 1);
  for (Calibration c : {Calibration::minmax, Calibration::percentile, Calibration::mse, Calibration::entropy}) {
    const auto q = int8(graph, {.calibration = c, .percentile = 99.9});
    ASSERT_TRUE(q) << q.error().to_string();
    EXPECT_LT(largest_difference(run_floats(q->graph, input), run_floats(graph, input)), 0.06);
  }
}

TEST(Int8, InputAndOutputTypes) {
  const Graph graph = small_cnn(4);
  const auto input = random_values(432, 1);
  const auto floats = int8(graph), ints = int8(graph, {.io = Io::int8}), bytes = int8(graph, {.io = Io::uint8});
  ASSERT_TRUE(floats && ints && bytes);
  EXPECT_EQ(ints->graph.at(ints->graph.inputs[0]).type, DType::i8);
  EXPECT_EQ(ints->graph.at(ints->graph.outputs[0]).type, DType::i8);
  EXPECT_EQ(count(ints->graph, Op::quantize) + count(ints->graph, Op::dequantize), 0);
  EXPECT_EQ(bytes->graph.at(bytes->graph.inputs[0]).type, DType::u8);
  EXPECT_EQ(bytes->graph.at(bytes->graph.outputs[0]).type, DType::u8);
  EXPECT_EQ(count(floats->graph, Op::quantize), 1);
  EXPECT_EQ(count(floats->graph, Op::dequantize), 1);
  const Bytes a = run(ints->graph, input), b = run(bytes->graph, input);
  const auto c = run_floats(floats->graph, input);
  ASSERT_EQ(a.size(), 10u);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(static_cast<int8_t>(a[i]) + 128, b[i]);
    EXPECT_EQ(c[i], static_cast<float>(b[i]) / 256);
  }
  for (const auto* q : {&*floats, &*ints, &*bytes}) EXPECT_EQ(q->graph.at(q->graph.outputs[0]).name, "probabilities");
}

TEST(Int8, SameScaleRulesHold) {
  const auto q = int8(small_cnn(4));
  ASSERT_TRUE(q);
  const auto& scale = [&](const char* name) -> const Quantization& { return find(q->graph, name)->quant; };
  EXPECT_EQ(scale("sum"), scale("max"));
  EXPECT_EQ(scale("max"), scale("both"));
  EXPECT_EQ(scale("conv_3"), scale("both"));
  EXPECT_EQ(scale("flat"), scale("both"));
  EXPECT_EQ(scale("probabilities/int8").scale[0], 1.0f / 256);
  EXPECT_EQ(scale("probabilities/int8").zero_point[0], -128);
  EXPECT_EQ(scale("conv_1/w").scale.size(), 16u);
  EXPECT_EQ(scale("depthwise_1/w").axis, 3);
  const Tensor& bias = *find(q->graph, "conv_1/b");
  EXPECT_EQ(bias.type, DType::i32);
  for (size_t c = 0; c < 16; ++c) EXPECT_EQ(bias.quant.scale[c], scale("x/int8").scale[0] * scale("conv_1/w").scale[c]);
}

TEST(Int8, FixedOutputsAreRequantisedBeforeAConcatenation) {
  Net net(9);
  const TensorId x = net.input({1, 16});
  const TensorId s = net.add(Op::sigmoid, {net.dense(x, 8, "a")}, UnaryAttrs{}, "gate");
  const TensorId wide = net.dense(x, 8, "b");
  const TensorId both = net.add(Op::concatenation, {s, wide}, ConcatenationAttrs{1}, "both");
  const TensorId t = net.add(Op::tanh, {net.dense(x, 4, "c")}, UnaryAttrs{}, "t");
  const TensorId twice = net.add(Op::concatenation, {t, t}, ConcatenationAttrs{1}, "twice");
  const TensorId last =
      net.add(Op::concatenation, {net.dense(both, 3, "d"), net.dense(twice, 3, "e")}, ConcatenationAttrs{1}, "last");
  const Graph graph = net.finish(last);
  const auto q = int8(graph);
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_NE(find(q->graph, "gate/requantized"), nullptr);
  EXPECT_EQ(find(q->graph, "gate")->quant.scale[0], 1.0f / 256);
  EXPECT_EQ(find(q->graph, "twice")->quant.scale[0], 1.0f / 128);
  const auto input = random_values(16, 3);
  EXPECT_EQ(run(q->graph, input), run(q->graph, input, true));
  EXPECT_LT(largest_difference(run_floats(q->graph, input), run_floats(graph, input)), 0.1);
}

TEST(Int8, OperatorsWithoutAnInt8FormStayFloatInBetween) {
  Net net(10);
  const TensorId x = net.input({1, 16});
  const TensorId a = net.dense(x, 12, "a");
  const TensorId d = net.add(Op::div, {a, net.constant("divisors", {12}, 1)}, BinaryAttrs{}, "quotient");
  const Graph graph = net.finish(net.dense(d, 6, "b"));
  const auto q = int8(graph);
  ASSERT_TRUE(q) << q.error().to_string();
  ASSERT_EQ(q->left.size(), 1u);
  EXPECT_EQ(q->left[0].name, "divisors");
  EXPECT_EQ(q->left[0].bytes, 48);
  EXPECT_NE(q->left[0].why.find("div"), std::string::npos);
  EXPECT_EQ(count(q->graph, Op::quantize), 2);
  EXPECT_EQ(count(q->graph, Op::dequantize), 2);
}

TEST(Int8, ChosenLayersOnly) {
  const auto q = int8(small_cnn(1), {.layers = {"dense_1", "dense_2"}});
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_EQ(find(q->graph, "dense_1/w")->type, DType::i8);
  EXPECT_EQ(find(q->graph, "conv_1/w")->type, DType::f32);
  EXPECT_EQ(count(q->graph, Op::quantize), 1);
  EXPECT_EQ(count(q->graph, Op::dequantize), 1);
}

TEST(Int8, ZeroChannelsAndConstantActivations) {
  Net net(11);
  const TensorId x = net.input({1, 4, 4, 2});
  std::vector<float> zeros(3 * 2 * 9, 0.0f), bias{0.5f, 0, -0.25f};
  const TensorId w = net.builder.constant_f32("w", {3, 3, 3, 2}, zeros), b = net.builder.constant_f32("b", {3}, bias);
  const TensorId flat = net.add(Op::conv2d, {x, w, b}, Conv2dAttrs{}, "flat_conv");  // a constant per channel
  const TensorId dead = net.add(
      Op::relu, {net.add(Op::mul, {flat, net.builder.scalar_f32(0)}, BinaryAttrs{}, "nothing")}, UnaryAttrs{}, "dead");
  const TensorId y = net.add(Op::add, {flat, dead}, BinaryAttrs{}, "y");
  const Graph graph = net.finish(y);
  for (Calibration c : {Calibration::minmax, Calibration::percentile, Calibration::mse, Calibration::entropy}) {
    const auto q = int8(graph, {.calibration = c});
    ASSERT_TRUE(q) << q.error().to_string();
    const auto input = random_values(32, 3);
    EXPECT_EQ(run(q->graph, input), run(q->graph, input, true));
    EXPECT_LT(largest_difference(run_floats(q->graph, input), run_floats(graph, input)), 0.75 / 255 * 2);
  }
}

TEST(Int8, NaNInCalibrationNamesTensorAndSample) {
  Net net(12);
  const TensorId x = net.input({1, 4});
  const Graph graph = net.finish(net.dense(net.add(Op::log, {x}, UnaryAttrs{}, "logs"), 3, "dense"));
  const auto q = quantize(graph, {}, [](int64_t i, std::span<float> in) {
    std::fill(in.begin(), in.end(), i == 2 ? -1.0f : 1.0f);
    return i < 5;
  });
  ASSERT_FALSE(q);
  EXPECT_EQ(q.error().code, ErrorCode::usage);
  EXPECT_NE(q.error().message.find("logs"), std::string::npos) << q.error().to_string();
  EXPECT_NE(q.error().to_string().find("sample 2"), std::string::npos);
}

TEST(Int8, NoSamplesIsAnError) {
  for (const CalibrationSamples& none :
       {CalibrationSamples{}, CalibrationSamples{[](int64_t, std::span<float>) { return false; }}}) {
    const auto q = quantize(small_cnn(1), {}, none);
    ASSERT_FALSE(q);
    EXPECT_EQ(q.error().code, ErrorCode::usage);
    EXPECT_NE(q.error().hint, "");
  }
}

TEST(Int8, FewBitsAreStoredAsInt4WhereTheyRun) {
  const Graph graph = small_cnn(5);
  const auto q = int8(graph, {.bits = 4, .layer_bits = {{"conv_2", 8}, {"dense_1", 2}}});
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_EQ(find(q->graph, "conv_1/w")->type, DType::i4);
  EXPECT_EQ(find(q->graph, "conv_2/w")->type, DType::i8);
  EXPECT_EQ(find(q->graph, "depthwise_1/w")->type, DType::i8);
  EXPECT_EQ(find(q->graph, "dense_1/w")->type, DType::i8);
  EXPECT_EQ(find(q->graph, "dense_2/w")->type, DType::i4);
  for (const TensorSize& s : q->sizes) {
    if (s.name == "conv_1/w" || s.name == "conv_2/w") {
      EXPECT_EQ(s.why, "") << s.name;
    } else if (s.name == "depthwise_1/w") {
      EXPECT_NE(s.why.find("4-bit values in int8"), std::string::npos) << s.why;
    } else if (s.name == "dense_1/w") {
      EXPECT_NE(s.why.find("2-bit values in int8"), std::string::npos) << s.why;
    }
  }
  const auto file = write_tflite(q->graph);
  ASSERT_TRUE(file) << file.error().to_string();
  const auto again = read_tflite(*file);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(find(*again, "conv_1/w")->type, DType::i4);
  for (uint64_t i = 0; i < 10; ++i) {
    const auto input = random_values(432, 177 + i);
    const Bytes want = run(q->graph, input, true);
    EXPECT_EQ(run(q->graph, input), want);
    EXPECT_EQ(run(*again, input), want);
  }
}

}  // namespace
}  // namespace thimble
