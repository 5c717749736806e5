// Adaptive rounding and bias correction.
#include "compress/refine/refine.h"

#include "compress/refine/rounding.h"
#include "compress/test_scores.h"
#include "graph/int4.h"

namespace thimble {
namespace {

using namespace test;
using Rounding = QuantizeOptions::Rounding;

CalibrationSamples picture_samples(int64_t count, uint64_t seed) {
  return [=](int64_t i, std::span<float> input) {
    if (i >= count) return false;
    const auto values = random_values(input.size(), seed + static_cast<uint64_t>(i));
    // Neighbouring values are alike, as in pictures: rounding has something to use.
    float last = 0.3f;
    for (size_t k = 0; k < input.size(); ++k) input[k] = last = 0.8f * last + 0.3f * std::fabs(values[k]);
    return true;
  };
}

double output_error(const Graph& graph, const QuantizeOptions& options) {
  const auto q = quantize(graph, options, picture_samples(60, 100));
  EXPECT_TRUE(q) << q.error().to_string();
  EXPECT_TRUE(verify(q->graph));
  const auto score = output_error_score(graph, picture_samples(100, 5000))(q->graph);  // other samples
  EXPECT_TRUE(score);
  return score->loss;
}

// One layer and nothing else: its mean squared output error.
Graph one_layer(int kind, uint64_t seed) {
  Net net(seed);
  if (kind == 0) return net.finish(net.dense(net.input({1, 40}), 12, "dense_1"));
  const TensorId x = net.input({1, 9, 9, 4});
  if (kind == 1) return net.finish(net.conv(x, 10, 3, "conv_1"));
  if (kind == 2) {
    const TensorId w = net.constant("conv_1/w", {8, 3, 3, 2}, 0.3);  // two groups
    return net.finish(net.add(Op::conv2d, {x, w, net.constant("conv_1/b", {8}, 0.1)}, Conv2dAttrs{}, "conv_1"));
  }
  const TensorId w = net.constant("dw_1/w", {1, 3, 3, 8}, 0.3);
  return net.finish(
      net.add(Op::depthwise_conv2d, {x, w, net.constant("dw_1/b", {8}, 0.1)}, DepthwiseConv2dAttrs{}, "dw_1"));
}

TEST(AdaptiveRounding, LowersTheErrorOfALayersOutput) {
  for (int kind = 0; kind < 4; ++kind)
    for (const int bits : {4, 2}) {
      const Graph graph = one_layer(kind, 3 + static_cast<uint64_t>(kind));
      QuantizeOptions options;
      options.bits = bits;
      const double nearest = output_error(graph, options);
      options.rounding = Rounding::adaptive;
      const double adaptive = output_error(graph, options);
      EXPECT_LT(adaptive, 0.7 * nearest) << "layer " << kind << ", " << bits << " bits";
      options.correct_bias = true;
      EXPECT_LT(output_error(graph, options), nearest) << "layer " << kind << ", " << bits << " bits";
    }
}

TEST(AdaptiveRounding, LowersTheErrorOfANetwork) {
  const Graph graph = small_cnn(3);
  QuantizeOptions options;
  options.bits = 4;
  const double nearest = output_error(graph, options);
  options.rounding = Rounding::adaptive;
  EXPECT_LT(output_error(graph, options), nearest);
}

TEST(AdaptiveRounding, RoundsUpOrDownAndKeepsZeros) {
  Graph graph = one_layer(1, 8);
  for (Tensor& t : graph.tensors) {
    if (t.name != "conv_1/w") continue;
    std::vector<float> w(t.data.as<float>().begin(), t.data.as<float>().end());
    for (size_t i = 0; i < w.size(); i += 3) w[i] = 0;
    t.data = Data::of(std::span<const float>(w));
  }
  for (const int bits : {8, 4, 2}) {
    QuantizeOptions options;
    options.bits = bits;
    options.rounding = Rounding::adaptive;
    const auto q = quantize(graph, options, picture_samples(30, 1));
    ASSERT_TRUE(q) << q.error().to_string();
    const Tensor& w = *find(q->graph, "conv_1/w");
    EXPECT_EQ(w.type, bits == 4 ? DType::i4 : DType::i8);
    const auto values = w.type == DType::i4
                            ? unpack_int4(w.data.as<uint8_t>(), w.shape.elements())
                            : std::vector<int8_t>(w.data.as<int8_t>().begin(), w.data.as<int8_t>().end());
    const auto floats = find(graph, "conv_1/w")->data.as<float>();
    const Levels levels = weight_levels(bits);
    int64_t moved = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const float v = floats[i] / w.quant.scale[i / 36];
      EXPECT_GE(values[i],
                std::clamp<float>(std::floor(v), static_cast<float>(levels.low), static_cast<float>(levels.high)));
      EXPECT_LE(values[i],
                std::clamp<float>(std::ceil(v), static_cast<float>(levels.low), static_cast<float>(levels.high)));
      EXPECT_TRUE(floats[i] != 0 || values[i] == 0) << i;
      moved += values[i] != static_cast<int8_t>(std::clamp<float>(std::round(v), static_cast<float>(levels.low),
                                                                  static_cast<float>(levels.high)));
    }
    EXPECT_GT(moved, 5) << bits;
    // Every path gives the same bytes, and the same inputs the same graph.
    std::vector<float> input(324);
    picture_samples(1, 9)(0, input);
    EXPECT_EQ(run(q->graph, input), run(q->graph, input, true));
    EXPECT_TRUE(same_weights(q->graph, quantize(graph, options, picture_samples(30, 1))->graph));
  }
}

TEST(AdaptiveRounding, ARowByHand) {
  // Two inputs that are always alike: the errors of both weights must cancel, which the nearest rounding does not do.
  compress::Patches patches{4, 2, {1, 2, -1, 3, 1, 2, -1, 3}};
  const float w[] = {0.4f, 0.4f};
  const auto row = compress::round_row(w, 1, patches, patches, {weight_levels(8)});
  EXPECT_EQ(row.q[0] + row.q[1], 1);
  EXPECT_LT(row.error, 0.1 * row.nearest_error);
}

TEST(AdaptiveRounding, ClustersStayAndPerTensorScalesAreRefused) {
  Graph graph = one_layer(0, 4);
  for (Tensor& t : graph.tensors) {
    if (t.name != "dense_1/w") continue;
    std::vector<float> w(t.data.as<float>().begin(), t.data.as<float>().end());
    for (float& v : w) v = std::round(v * 20) / 20;
    t.data = Data::of(std::span<const float>(w));
  }
  QuantizeOptions options;
  const auto nearest = quantize(graph, options, picture_samples(30, 1));
  options.rounding = Rounding::adaptive;
  const auto adaptive = quantize(graph, options, picture_samples(30, 1));
  ASSERT_TRUE(nearest && adaptive);
  EXPECT_TRUE(same_weights(nearest->graph, adaptive->graph));
  options.per_tensor_weights = true;
  EXPECT_EQ(quantize(graph, options, picture_samples(30, 1)).error().code, ErrorCode::usage);
  options = {.to = QuantizeTo::float16};
  options.correct_bias = true;
  EXPECT_EQ(quantize(graph, options).error().code, ErrorCode::usage);
}

TEST(BiasCorrection, LowersTheErrorOfTheOutput) {
  for (int kind = 0; kind < 4; ++kind) {
    const Graph graph = one_layer(kind, 20 + static_cast<uint64_t>(kind));
    QuantizeOptions options;
    options.bits = 3;
    const double plain = output_error(graph, options);
    options.correct_bias = true;
    EXPECT_LT(output_error(graph, options), 0.8 * plain) << kind;
  }
  const Graph graph = small_cnn(6);
  QuantizeOptions options;
  options.bits = 3;
  const double plain = output_error(graph, options);
  options.correct_bias = true;
  EXPECT_LT(output_error(graph, options), plain);
}

TEST(BiasCorrection, OnlyBiasesChange) {
  const Graph graph = one_layer(1, 9);
  QuantizeOptions options;
  options.bits = 2;
  const auto plain = quantize(graph, options, picture_samples(30, 1));
  options.correct_bias = true;
  const auto corrected = quantize(graph, options, picture_samples(30, 1));
  ASSERT_TRUE(plain && corrected);
  const auto bytes = [](const Graph& g, const char* name) { return find(g, name)->data.as<uint8_t>(); };
  EXPECT_TRUE(std::ranges::equal(bytes(plain->graph, "conv_1/w"), bytes(corrected->graph, "conv_1/w")));
  EXPECT_FALSE(std::ranges::equal(bytes(plain->graph, "conv_1/b"), bytes(corrected->graph, "conv_1/b")));
  EXPECT_EQ(find(plain->graph, "conv_1/b")->quant, find(corrected->graph, "conv_1/b")->quant);
}

TEST(Refining, TypesOfInputsAndOutputsDoNotMatter) {
  const Graph graph = small_cnn(4);
  QuantizeOptions options;
  options.bits = 4;
  options.correct_bias = true;
  options.rounding = Rounding::adaptive;
  const auto floats = quantize(graph, options, picture_samples(20, 1));
  options.io = QuantizeOptions::Io::uint8;
  const auto bytes = quantize(graph, options, picture_samples(20, 1));
  ASSERT_TRUE(floats && bytes) << bytes.error().to_string();
  for (const char* name : {"conv_1/w", "conv_3/w", "dense_1/w"})
    EXPECT_TRUE(
        std::ranges::equal(find(floats->graph, name)->data.as<uint8_t>(), find(bytes->graph, name)->data.as<uint8_t>()))
        << name;
}

}  // namespace
}  // namespace thimble
