#include "compress/shrink/shrink.h"

#include "compress/test_graphs.h"
#include "compress/test_training.h"

namespace thimble {
namespace {

using namespace test;

ChannelScores l1(const Graph& graph) {
  auto map = find_channels(graph);
  EXPECT_TRUE(map) << map.error().to_string();
  auto scores = rank_channels(graph, *map, Ranking::l1);
  EXPECT_TRUE(scores) << scores.error().to_string();
  return *scores;
}

const ShrunkLayer& layer(const Shrunk& s, const std::string& name) {
  for (const ShrunkLayer& l : s.layers)
    if (l.name == name) return l;
  ADD_FAILURE() << "no layer " << name;
  return s.layers.front();
}

TEST(Shrink, HalfOfTheChannels) {
  const Graph graph = small_cnn(1);
  const auto s = shrink_graph(graph, {.keep = 0.5, .per_layer = true}, l1(graph));
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(layer(*s, "conv_1").after, 8);
  EXPECT_EQ(layer(*s, "conv_3").after, 4);
  EXPECT_EQ(layer(*s, "dense_1").after, 10);
  EXPECT_EQ(layer(*s, "dense_2").after, 10);
  EXPECT_NE(layer(*s, "dense_2").why.find("softmax"), std::string::npos);
  EXPECT_EQ(s->channels_before, 44);
  EXPECT_EQ(s->channels_after, 22);
  EXPECT_LT(s->macs_after, s->macs_before / 2);
  EXPECT_EQ(s->parameters_after, parameter_count(s->graph));
  EXPECT_EQ(run_floats(s->graph, random_values(12 * 12 * 3, 1)).size(), 10u);
}

// Global: as many channels in all, the lowest of the whole model; no layer below its floor.
TEST(Shrink, GlobalRanking) {
  const Graph graph = small_cnn(2);
  ChannelScores scores = l1(graph);
  auto map = find_channels(graph);
  ASSERT_TRUE(map);
  for (size_t g = 0; g < scores.size(); ++g)
    for (double& v : scores[g]) v = map->groups[g].name == "conv_1" ? 10 : 1;
  const auto s = shrink_graph(graph, {.keep = 0.6, .floor = 0.25}, scores);
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(layer(*s, "conv_1").after, 16);
  EXPECT_GE(layer(*s, "conv_3").after, 2);
  EXPECT_GE(layer(*s, "dense_1").after, 5);
  EXPECT_EQ(s->channels_after, 26);
  const auto all = shrink_graph(graph, {.keep = 1}, scores);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->channels_after, all->channels_before);
}

TEST(Shrink, LowestGoFirst) {
  Net net(3);
  const TensorId a = net.dense(net.input({1, 5}), 8, "first", Activation::relu);
  Graph graph = net.finish(net.dense(a, 3, "last"));
  auto& w = const_cast<Tensor&>(*find(graph, "first/w"));
  std::vector<float> values(w.data.as<float>().begin(), w.data.as<float>().end());
  for (size_t i = 0; i < 5; ++i) values[3 * 5 + i] = values[6 * 5 + i] = 1e-6f;  // units 3 and 6 hardly do anything
  w.data = Data::of(std::span<const float>(values));
  auto& b = const_cast<Tensor&>(*find(graph, "first/b"));
  std::vector<float> biases(8, 0.0f);
  b.data = Data::of(std::span<const float>(biases));
  const auto s = shrink_graph(graph, {.keep = 0.75}, l1(graph));
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(layer(*s, "first").after, 6);
  const auto x = random_values(5, 1);
  EXPECT_LT(largest_difference(run_floats(graph, x), run_floats(s->graph, x)), 1e-4);
}

TEST(Shrink, MultiplesAndTargets) {
  const Graph graph = small_cnn(4);
  const ChannelScores scores = l1(graph);
  const auto four = shrink_graph(graph, {.keep = 0.4, .multiple = 4}, scores);
  ASSERT_TRUE(four) << four.error().to_string();
  for (const ShrunkLayer& l : four->layers)
    EXPECT_TRUE(l.after == l.before || l.after % 4 == 0) << l.name << " keeps " << l.after;
  const int64_t macs = cost(graph)->macs;
  const auto target = shrink_graph(graph, {.max_macs = macs / 3}, scores);
  ASSERT_TRUE(target) << target.error().to_string();
  EXPECT_LE(target->macs_after, macs / 3);
  EXPECT_GT(target->macs_after, macs / 6);
  const auto parameters = shrink_graph(graph, {.max_parameters = parameter_count(graph) / 2}, scores);
  ASSERT_TRUE(parameters) << parameters.error().to_string();
  EXPECT_LE(parameters->parameters_after, parameter_count(graph) / 2);
  const auto hopeless = shrink_graph(graph, {.max_macs = 10}, scores);
  ASSERT_FALSE(hopeless);
  EXPECT_NE(hopeless.error().message.find("cannot be reached"), std::string::npos);
}

TEST(Shrink, LayersAndErrors) {
  const Graph graph = small_cnn(5);
  const ChannelScores scores = l1(graph);
  const auto one = shrink_graph(graph, {.keep = 0.5, .layers = {"conv_3"}}, scores);
  ASSERT_TRUE(one) << one.error().to_string();
  EXPECT_EQ(layer(*one, "conv_3").after, 4);
  EXPECT_EQ(layer(*one, "conv_1").after, 16);
  EXPECT_EQ(layer(*one, "conv_1").why, "not chosen");

  const auto nothing = shrink_graph(graph, {.keep = 0}, scores);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::usage);
  const auto typo = shrink_graph(graph, {.layers = {"conv_33"}}, scores);
  ASSERT_FALSE(typo);
  EXPECT_NE(typo.error().hint.find("conv_3"), std::string::npos) << typo.error().hint;
  const auto blocked = shrink_graph(graph, {.layers = {"dense_2"}}, scores);
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, ErrorCode::unsupported);
  EXPECT_NE(blocked.error().message.find("softmax"), std::string::npos) << blocked.error().message;
  const auto map = find_channels(graph);
  EXPECT_FALSE(rank_channels(graph, *map, Ranking::taylor)) << "needs data";
  EXPECT_FALSE(rank_channels(graph, *map, Ranking::batch_norm)) << "there is none";
}

// Two units of the trained network are made useless for the loss (nothing reads them, but their filters are large):
// what the data say about them differs from what the filters say.
TEST(Shrink, RankingsOnSamples) {
  Graph graph = trained_rings();
  for (Tensor& t : graph.tensors) {
    if (!t.constant() || t.name.find("dense_2") == std::string::npos || t.shape.rank() != 2) continue;
    std::vector<float> values(t.data.as<float>().begin(), t.data.as<float>().end());
    for (size_t i = 0; i < values.size(); ++i)
      if (i % 32 == 4 || i % 32 == 9) values[i] = 0;
    t.data = Data::of(std::span<const float>(values));
  }
  const auto map = find_channels(graph);
  ASSERT_TRUE(map);
  size_t first = 0;
  while (map->groups[first].producers.empty()) ++first;
  ASSERT_EQ(map->groups[first].channels.size(), 32u);
  const Retraining how = ring_retraining(1);
  for (const Ranking ranking : {Ranking::taylor, Ranking::activation_gradient}) {
    const auto scores = rank_channels(graph, *map, ranking, &how, 320);
    ASSERT_TRUE(scores) << scores.error().to_string();
    const std::vector<double>& s = (*scores)[first];
    EXPECT_EQ(s[4], 0) << name(ranking);
    EXPECT_EQ(s[9], 0) << name(ranking);
    EXPECT_GT(*std::ranges::max_element(s), 0) << name(ranking);
  }
  const auto activation = rank_channels(graph, *map, Ranking::activation, &how, 320);
  ASSERT_TRUE(activation) << activation.error().to_string();
  double total = 0;
  for (double v : (*activation)[first]) total += v;
  EXPECT_NEAR(total, 32, 1e-6) << "relative to the layer's mean";
}

// The whole way: the network keeps its accuracy with half of its units, in one round and in two.
TEST(Shrink, TrainedAgain) {
  for (const int rounds : {1, 2}) {
    ShrinkPlan plan;
    plan.options.keep = 0.5;
    plan.ranking = Ranking::taylor;
    plan.rounds = rounds;
    const auto s = shrink(trained_rings(), plan, ring_retraining(3));
    ASSERT_TRUE(s) << s.error().to_string();
    EXPECT_EQ(s->epochs.size(), static_cast<size_t>(3 * rounds));
    EXPECT_EQ(s->epochs.back().epoch, 3 * rounds);
    EXPECT_GT(s->epochs.back().val_accuracy, 0.93) << rounds;
    EXPECT_EQ(s->shrunk.channels_before, 64);
    EXPECT_NEAR(static_cast<double>(s->shrunk.channels_after), 32, 1);
    EXPECT_LT(s->shrunk.parameters_after, s->shrunk.parameters_before / 2);
    EXPECT_TRUE(verify(s->shrunk.graph));
  }
}

// A target is approached in equal parts and reached in the last round, not before.
TEST(Shrink, RoundsTowardsATarget) {
  Retraining how = ring_retraining(0);
  const int64_t macs = cost(trained_rings())->macs;
  for (const int rounds : {1, 3}) {
    ShrinkPlan plan;
    plan.options.max_macs = macs * 6 / 10;
    plan.rounds = rounds;
    const auto s = shrink(trained_rings(), plan, how);
    ASSERT_TRUE(s) << s.error().to_string();
    EXPECT_EQ(s->shrunk.macs_before, macs);
    EXPECT_LE(s->shrunk.macs_after, plan.options.max_macs);
    EXPECT_GT(s->shrunk.macs_after, macs / 2) << rounds << " rounds";
  }
}

}  // namespace
}  // namespace thimble
