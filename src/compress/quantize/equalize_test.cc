// Cross-layer equalisation: the same float outputs, balanced weights, and what int8 gains from it.
#include "passes/equalize.h"

#include "compress/quantize/int8_quantizer.h"
#include "compress/test_graphs.h"
#include "ops/pad/pad.h"
#include "ops/reduce/reduce.h"

namespace thimble {
namespace {

using namespace test;

// The largest magnitudes of the slices of a convolution's or dense layer's weights along an axis.
std::vector<float> largest(const Tensor& w, int axis) {
  std::vector<float> most(static_cast<size_t>(w.shape[axis]), 0);
  const auto values = w.data.as<float>();
  const auto inner = static_cast<size_t>(w.shape.elements(axis + 1, w.shape.rank()));
  for (size_t i = 0; i < values.size(); ++i) {
    float& m = most[i / inner % most.size()];
    m = std::max(m, std::fabs(values[i]));
  }
  return most;
}

// Makes the rows of a layer very different, and undoes it in nothing: another network.
void spread_rows(Graph& graph, const std::string& name, int axis) {
  for (Tensor& t : graph.tensors) {
    if (t.name != name) continue;
    std::vector<float> values(t.data.as<float>().begin(), t.data.as<float>().end());
    const auto inner = static_cast<size_t>(t.shape.elements(axis + 1, t.shape.rank()));
    const auto rows = static_cast<size_t>(t.shape[axis]);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] *=
          static_cast<float>(std::pow(10.0, static_cast<double>(i / inner % rows) / static_cast<double>(rows) * 2 - 1));
    t.data = Data::of(std::span<const float>(values));
  }
}

// conv, leaky_relu, depthwise, prelu, pool, pad, grouped conv, mean or flatten, dense, dense.
Graph chain(bool flatten) {
  Net net(11);
  Conv2dAttrs relu;
  relu.activation = Activation::relu;
  TensorId x = net.conv(net.input({1, 10, 10, 2}), 8, 3, "conv_1");
  x = net.add(Op::leaky_relu, {x}, UnaryAttrs{0.2f}, "leaky");
  DepthwiseConv2dAttrs depthwise;
  x = net.add(Op::depthwise_conv2d,
              {x, net.constant("depthwise_1/w", {1, 3, 3, 16}, 0.4), net.constant("depthwise_1/b", {16}, 0.1)},
              depthwise, "depthwise_1");
  x = net.add(Op::prelu, {x, net.constant("alpha", {16}, 0.3)}, Attrs{}, "prelu");
  x = net.pool(Op::max_pool, x, 2, "max");
  const int32_t around[] = {0, 0, 1, 1, 1, 1, 0, 0};
  const TensorId paddings = net.graph.add(
      {.name = "paddings", .type = DType::i32, .shape = {4, 2}, .data = Data::of(std::span<const int32_t>(around))});
  x = net.add(Op::pad, {x, paddings}, PadAttrs{}, "pad");
  x = net.add(Op::conv2d, {x, net.constant("conv_2/w", {12, 3, 3, 4}, 0.3), net.constant("conv_2/b", {12}, 0.1)}, relu,
              "conv_2");
  if (flatten) {
    x = net.flat(net.pool(Op::average_pool, x, 2, "average"));
  } else {
    const int32_t axes[] = {1, 2};
    x = net.add(Op::mean, {x, net.builder.constant_i32("axes", axes)}, ReduceAttrs{}, "mean");
  }
  x = net.dense(net.dense(x, 20, "dense_1", Activation::relu), 5, "dense_2");
  Graph graph = net.finish(x);
  for (const char* name : {"conv_1/w", "conv_2/w", "dense_1/w"}) spread_rows(graph, name, 0);
  spread_rows(graph, "depthwise_1/w", 3);
  return graph;
}

TEST(Equalize, TheNetworkComputesTheSame) {
  for (const bool flatten : {true, false}) {
    const Graph graph = chain(flatten);
    Graph equal = graph;
    const Equalized done = equalize_layers(equal);
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"conv_1", "depthwise_1"}, {"depthwise_1", "conv_2"}, {"conv_2", "dense_1"}, {"dense_1", "dense_2"}};
    EXPECT_EQ(done.pairs, pairs);
    EXPECT_GT(done.largest_factor, 2);
    EXPECT_LT(done.rounds, 50);
    ASSERT_TRUE(verify(equal));
    for (uint64_t i = 0; i < 20; ++i) {
      const auto input = random_values(200, i);
      const auto want = run_floats(graph, input), got = run_floats(equal, input);
      float scale = 1;
      for (float v : want) scale = std::max(scale, std::fabs(v));
      EXPECT_LT(largest_difference(got, want) / scale, 1e-5);
    }
  }
}

TEST(Equalize, RangesOfBothSidesBecomeEqual) {
  Graph graph = chain(true);
  equalize_layers(graph);
  const auto rows = largest(*find(graph, "dense_1/w"), 0), columns = largest(*find(graph, "dense_2/w"), 1);
  ASSERT_EQ(rows.size(), columns.size());
  for (size_t c = 0; c < rows.size(); ++c) EXPECT_NEAR(rows[c] / columns[c], 1, 0.01) << c;
}

TEST(Equalize, WhatDoesNotCommuteWithFactorsStays) {
  // relu6, a residual sum, a concatenation: the only pair of this network is dense_1, dense_2.
  const Graph graph = small_cnn(2);
  Graph equal = graph;
  EXPECT_EQ(equalize_layers(equal).pairs.size(), 1u);
  const auto same = [&](const char* name) {
    return std::ranges::equal(find(graph, name)->data.as<float>(), find(equal, name)->data.as<float>());
  };
  for (const char* name : {"conv_1/w", "conv_1/b", "depthwise_1/w", "conv_2/w", "conv_3/w", "dense_2/b"})
    EXPECT_TRUE(same(name)) << name;
  EXPECT_FALSE(same("dense_1/w"));
  Graph kept = graph;
  EXPECT_TRUE(equalize_layers(kept, [](const Tensor& w) { return w.name == "dense_2/w"; }).pairs.empty());
}

TEST(Equalize, DeadChannelsAreLeftAlone) {
  Net net(5);
  const TensorId x = net.input({1, 6});
  const TensorId y = net.dense(net.dense(x, 8, "dense_1", Activation::relu), 4, "dense_2");
  Graph graph = net.finish(y);
  for (Tensor& t : graph.tensors) {
    if (t.name != "dense_1/w") continue;
    std::vector<float> w(t.data.as<float>().begin(), t.data.as<float>().end());
    std::fill_n(w.begin() + 6, 6, 0.0f);  // row 1
    t.data = Data::of(std::span<const float>(w));
  }
  const Graph before = graph;
  equalize_layers(graph);
  for (int64_t o = 0; o < 4; ++o) {
    const auto at = static_cast<size_t>(o * 8 + 1);
    EXPECT_EQ(find(graph, "dense_2/w")->data.as<float>()[at], find(before, "dense_2/w")->data.as<float>()[at]);
  }
  const auto input = random_values(6, 3);
  EXPECT_LT(largest_difference(run_floats(graph, input), run_floats(before, input)), 1e-5);
}

// Two dense layers whose channels are of very different size, which the second undoes.
TEST(Equalize, UndoesWhatOneScalePerTensorSuffersFrom) {
  Net net(4);
  const TensorId x = net.input({1, 20});
  Graph graph = net.finish(net.dense(net.dense(x, 16, "dense_1", Activation::relu), 6, "dense_2"));
  const auto scaled = [&](const char* name, int64_t inner, double power) {
    for (Tensor& t : graph.tensors) {
      if (t.name != name) continue;
      std::vector<float> values(t.data.as<float>().begin(), t.data.as<float>().end());
      for (size_t i = 0; i < values.size(); ++i)
        values[i] *=
            static_cast<float>(std::pow(1.5, power * static_cast<double>(static_cast<int64_t>(i) / inner % 16)));
      t.data = Data::of(std::span<const float>(values));
    }
  };
  scaled("dense_1/w", 20, 1);
  scaled("dense_1/b", 1, 1);
  scaled("dense_2/w", 1, -1);
  const auto error = [&](bool equalize, bool per_tensor) {
    QuantizeOptions options;
    options.per_tensor_weights = per_tensor;
    options.equalize = equalize;
    const auto q = quantize(graph, options, random_samples());
    EXPECT_TRUE(q) << q.error().to_string();
    double sum = 0;
    for (uint64_t i = 100; i < 140; ++i) {
      const auto input = random_values(20, i);
      const auto want = run_floats(graph, input), got = run_floats(q->graph, input);
      for (size_t k = 0; k < want.size(); ++k) sum += std::pow(double(got[k]) - want[k], 2);
    }
    return sum;
  };
  EXPECT_LT(error(true, true), 0.1 * error(false, true));
  EXPECT_LT(error(true, false), 0.1 * error(false, false));  // the range of activations gains too
}

TEST(Equalize, IsForInt8) {
  QuantizeOptions options{.to = QuantizeTo::dynamic};
  options.equalize = true;
  const auto q = quantize(chain(true), options);
  ASSERT_FALSE(q);
  EXPECT_EQ(q.error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace thimble
