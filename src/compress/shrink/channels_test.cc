// Removal of channels on random networks: with the removed channels silenced (their filters and biases zero) the
// original must compute what the smaller graph computes. In this room since it needs a runtime and int8 graphs.
#include "passes/channels/channels.h"

#include <algorithm>

#include "compress/test_graphs.h"
#include "ops/pad/pad.h"
#include "ops/reduce/reduce.h"
#include "ops/split/split.h"
#include "ops/transpose/transpose.h"

namespace thimble {
namespace {

using namespace test;

ChannelMap channels_of(const Graph& graph) {
  auto map = find_channels(graph);
  EXPECT_TRUE(map) << map.error().to_string();
  return map ? std::move(*map) : ChannelMap{};
}

const ChannelGroup* group(const ChannelMap& map, const std::string& name) {
  for (const ChannelGroup& g : map.groups)
    if (g.name == name && !g.producers.empty()) return &g;
  ADD_FAILURE() << "no group " << name;
  return nullptr;
}

// The graph in which these channels' weights are zero wherever they are made, so that they are 0 everywhere (all
// activations here keep 0).
Graph silenced(Graph graph, const ChannelMap& map, std::span<const ChannelRemoval> removals) {
  for (const ChannelRemoval& removal : removals)
    for (const int64_t c : removal.channels)
      for (const ChannelElement& e : map.groups[removal.group].channels[static_cast<size_t>(c)].elements)
        for (const ChannelSlot& slot : map.slots) {
          if (slot.tensor != e.tensor || slot.contracts) continue;
          Tensor& w = graph.at(graph.nodes[static_cast<size_t>(slot.node)].inputs[static_cast<size_t>(slot.input)]);
          std::vector<float> values(w.data.as<float>().begin(), w.data.as<float>().end());
          const int64_t inner = w.shape.elements(slot.axis + 1, w.shape.rank()), along = w.shape[slot.axis];
          for (size_t i = 0; i < values.size(); ++i)
            if (static_cast<int64_t>(i) / inner % along == e.index) values[i] = 0;
          w.data = Data::of(std::span<const float>(values));
        }
  return graph;
}

void expect_same(const Graph& original, const ChannelMap& map, const std::vector<ChannelRemoval>& removals) {
  Graph smaller = original;
  const Status removed = remove_channels(smaller, map, removals);
  ASSERT_TRUE(removed) << removed.error().to_string();
  EXPECT_LT(cost(smaller)->macs, cost(original)->macs);
  const Graph silent = silenced(original, map, removals);
  const auto size = static_cast<size_t>(original.at(original.inputs[0]).shape.elements());
  for (uint64_t seed = 1; seed < 4; ++seed) {
    const auto input = random_values(size, seed);
    EXPECT_LT(largest_difference(run_floats(silent, input), run_floats(smaller, input)), 1e-5);
  }
}

// Every second channel of every group that has some to give.
std::vector<ChannelRemoval> every_second(const ChannelMap& map) {
  std::vector<ChannelRemoval> removals;
  for (size_t g = 0; g < map.groups.size(); ++g) {
    if (!map.groups[g].blocked.empty()) continue;
    ChannelRemoval r{g, {}};
    for (int64_t c = 1; c < static_cast<int64_t>(map.groups[g].channels.size()); c += 2)
      if (map.groups[g].channels[static_cast<size_t>(c)].blocked.empty()) r.channels.push_back(c);
    if (!r.channels.empty()) removals.push_back(std::move(r));
  }
  return removals;
}

TEST(Channels, GroupsOfANetworkWithResidualDepthwiseAndConcatenation) {
  const Graph graph = small_cnn(1);
  const ChannelMap map = channels_of(graph);
  // conv_1, depthwise_1, conv_2 and their sum are one group of 16; so they go together through pools and flatten.
  const ChannelGroup* residual = group(map, "conv_1");
  ASSERT_TRUE(residual);
  EXPECT_EQ(residual->blocked, "");
  ASSERT_EQ(residual->channels.size(), 16u);
  EXPECT_EQ(residual->producers.size(), 2u);
  EXPECT_EQ(residual->consumers.size(), 3u) << "conv_2, conv_3 and the dense layer behind the flatten";
  const ChannelGroup* branch = group(map, "conv_3");
  ASSERT_TRUE(branch);
  EXPECT_EQ(branch->channels.size(), 8u);
  const ChannelGroup* last = group(map, "dense_2");
  ASSERT_TRUE(last);
  EXPECT_NE(last->blocked.find("softmax"), std::string::npos) << last->blocked;
  EXPECT_NE(map.groups[0].blocked.find("input of the model"), std::string::npos) << map.groups[0].blocked;
}

TEST(Channels, RemovedEqualsSilenced) {
  for (uint64_t seed = 1; seed < 4; ++seed) {
    const Graph graph = small_cnn(seed);
    const ChannelMap map = channels_of(graph);
    const auto removals = every_second(map);
    EXPECT_GE(removals.size(), 3u);
    expect_same(graph, map, removals);
  }
}

TEST(Channels, FlattenSumsAndPadding) {
  Net net(5);
  Conv2dAttrs relu;
  relu.activation = Activation::relu;
  const TensorId a = net.conv(net.input({1, 6, 6, 2}), 6, 3, "first", relu);
  const int32_t amounts[] = {0, 0, 1, 1, 2, 0, 0, 0};
  TensorId paddings = net.builder.constant("paddings", DType::i32, {4, 2}, Data::of(std::span<const int32_t>(amounts)));
  const TensorId b = net.add(Op::pad, {a, paddings}, PadAttrs{}, "pad");
  const TensorId scaled = net.add(Op::mul, {b, net.constant("factors", {6}, 1.0)}, BinaryAttrs{}, "scaled");
  const TensorId c = net.conv(net.add(Op::leaky_relu, {scaled}, UnaryAttrs{0.1f}, "leaky"), 4, 3, "second", relu);
  const TensorId y = net.dense(net.flat(c), 3, "last");
  const Graph graph = net.finish(y);
  const ChannelMap map = channels_of(graph);
  const ChannelGroup* flat = group(map, "second");
  ASSERT_TRUE(flat);
  // One channel of the flattened tensor is as many columns as there are positions.
  const int64_t positions = graph.at(c).shape[1] * graph.at(c).shape[2];
  EXPECT_EQ(static_cast<int64_t>(flat->channels[0].elements.size()), 1 + positions);
  expect_same(graph, map, every_second(map));
}

TEST(Channels, MeanSplitAndGroupedConvolution) {
  Net net(6);
  const TensorId a = net.conv(net.input({1, 5, 5, 3}), 8, 3, "first");
  const int32_t axis[] = {3};
  const TensorId split_axis =
      net.builder.constant("axis", DType::i32, Shape{}, Data::of(std::span<const int32_t>(axis)));
  auto parts = net.builder.node(Op::split, {split_axis, a}, SplitAttrs{}, "split", 2);
  ASSERT_TRUE(parts) << parts.error().to_string();
  const TensorId sum = net.add(Op::add, {(*parts)[0], (*parts)[1]}, BinaryAttrs{}, "sum");
  const TensorId grouped =
      net.add(Op::conv2d, {sum, net.constant("grouped/w", {6, 3, 3, 2}, 0.3), net.constant("grouped/b", {6}, 0.1)},
              Conv2dAttrs{}, "grouped");
  const int32_t axes[] = {1, 2};
  const TensorId mean = net.add(
      Op::mean, {grouped, net.builder.constant("axes", DType::i32, {2}, Data::of(std::span<const int32_t>(axes)))},
      ReduceAttrs{}, "mean");
  const Graph graph = net.finish(net.dense(mean, 3, "last"));
  const ChannelMap map = channels_of(graph);
  const ChannelGroup* first = group(map, "first");
  ASSERT_TRUE(first);
  // Two halves added, two groups of two channels: the same place of each goes together.
  EXPECT_EQ(first->channels.size(), 2u);
  EXPECT_EQ(group(map, "grouped")->channels.size(), 3u);
  expect_same(graph, map, every_second(map));
}

TEST(Channels, ReasonsAndRefusals) {
  Net net(7);
  const TensorId a = net.conv(net.input({1, 4, 4, 2}), 4, 3, "first");
  const int32_t order[] = {0, 3, 1, 2};
  const TensorId turned = net.add(
      Op::transpose, {a, net.builder.constant("perm", DType::i32, {4}, Data::of(std::span<const int32_t>(order)))},
      TransposeAttrs{}, "turned");
  Graph graph = net.finish(net.dense(net.flat(turned), 2, "last"));
  const ChannelMap map = channels_of(graph);
  const ChannelGroup* first = group(map, "first");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->blocked, "transpose \"turned\" moves the channel axis");
  const auto at = static_cast<size_t>(first - map.groups.data());
  const ChannelRemoval blocked{at, {0}};
  const Status refused = remove_channels(graph, map, {&blocked, 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::usage);

  Graph cnn = small_cnn(1);
  const ChannelMap all = channels_of(cnn);
  const ChannelGroup* branch = group(all, "conv_3");
  ASSERT_TRUE(branch);
  const ChannelRemoval everything{static_cast<size_t>(branch - all.groups.data()), {0, 1, 2, 3, 4, 5, 6, 7}};
  const std::string before = dump(cnn);
  const Status empty = remove_channels(cnn, all, {&everything, 1});
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().hint.find("at least one"), std::string::npos) << empty.error().to_string();
  EXPECT_EQ(dump(cnn), before) << "a refusal must not change the graph";
}

// int8: per-channel scales, biases and weights are sliced consistently, and the result runs on every path alike.
TEST(Channels, QuantisedGraphs) {
  const auto q = quantize(small_cnn(3), {.to = QuantizeTo::int8}, random_samples());
  ASSERT_TRUE(q) << q.error().to_string();
  const ChannelMap map = channels_of(q->graph);
  const auto removals = every_second(map);
  ASSERT_FALSE(removals.empty());
  Graph smaller = q->graph;
  const Status removed = remove_channels(smaller, map, removals);
  ASSERT_TRUE(removed) << removed.error().to_string();
  for (const Node& node : smaller.nodes) {
    if (node.op != Op::conv2d) continue;
    const Tensor &w = smaller.at(node.inputs[1]), &b = smaller.at(node.inputs[2]);
    EXPECT_EQ(static_cast<int64_t>(w.quant.scale.size()), w.shape[0]);
    EXPECT_EQ(b.shape.elements(), w.shape[0]);
    EXPECT_EQ(b.quant.scale.size(), w.quant.scale.size());
  }
  const auto input = random_values(12 * 12 * 3, 4);
  EXPECT_EQ(run(smaller, input), run(smaller, input, /*reference=*/true));
}

TEST(Channels, ParametersOfAChannel) {
  const Graph graph = small_cnn(1);
  const ChannelMap map = channels_of(graph);
  const ChannelGroup* branch = group(map, "conv_3");
  ASSERT_TRUE(branch);
  // 3·3·16 weights of the filter (no bias), and its columns of the dense layer of 20 units at 3 × 3 positions.
  EXPECT_EQ(channel_parameters(graph, map, *branch, branch->channels[0]), 3 * 3 * 16 + 20 * 9);
}

}  // namespace
}  // namespace thimble
