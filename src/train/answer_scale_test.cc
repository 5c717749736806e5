// Networks that learn scaled targets and answer in their own units.
#include "train/answer_scale.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "ops/check.h"
#include "runtime/program.h"
#include "train/model.h"

namespace thimble {
namespace {

Graph network(std::vector<LayerSpec> layers) {
  ModelSpec spec;
  spec.input = {3};
  spec.layers = std::move(layers);
  const auto model = build_model(spec, {.batch = 1});
  EXPECT_TRUE(model) << model.error().to_string();
  Weights weights;
  for (TensorId t : model->parameters) {
    const auto values = model->graph.at(t).data.as<float>();
    for (float& v : weights.parameters.emplace_back(values.begin(), values.end())) v += 0.1f;
  }
  auto graph = with_weights(*model, weights);
  EXPECT_TRUE(graph) << graph.error().to_string();
  return std::move(*graph);
}

std::vector<float> answers(const Graph& graph, std::vector<float> x = {1, -2, 0.5f}) {
  const auto program = Program::plan(graph);
  EXPECT_TRUE(program) << program.error().to_string();
  const auto session = Session::create(*program);
  std::memcpy((*session)->input(0).data(), x.data(), x.size() * 4);
  (*session)->run();
  const auto out = (*session)->output(0);
  const auto* values = reinterpret_cast<const float*>(out.data());
  return {values, values + out.size() / 4};
}

void set_metadata(Graph& graph, const AnswerScale& scale) {
  Feeding feeding;
  feeding.target_mean = scale.mean;
  feeding.target_deviation = scale.deviation;
  graph.metadata["thimble.preprocess"] = feeding.to_json();
}

struct Case {
  std::vector<LayerSpec> layers;
  AnswerScale scale;
  size_t nodes_more;  // 0: the dense layer takes the scale
};

TEST(AnswerScale, GoesIntoTheLastLayerAndOutAgain) {
  const std::vector<LayerSpec> one = {{.word = "dense", .size = 4, .activation = "relu"}, {.word = "dense", .size = 1}};
  const std::vector<LayerSpec> two = {{.word = "dense", .size = 2}};
  for (const Case& c : {Case{one, {{250000}, {65536}, {}}, 0}, Case{two, {{5, -7}, {8, 8}, {}}, 0},
                        Case{two, {{250000, 3}, {65536, 0.5f}, {}}, 2},
                        Case{{{.word = "dense", .size = 2}, {.word = "reshape", .shape = {2, 1}}},
                             {{250000, 3}, {65536, 0.5f}, {}},
                             2}}) {
    const Graph plain = network(c.layers);
    const std::vector<float> before = answers(plain);
    Graph scaled = plain;
    ASSERT_TRUE(put_answer_scale(scaled, c.scale));
    set_metadata(scaled, c.scale);
    ASSERT_TRUE(verify(scaled));
    EXPECT_EQ(scaled.nodes.size(), plain.nodes.size() + c.nodes_more);
    const std::vector<float> after = answers(scaled);
    for (size_t i = 0; i < after.size(); ++i)
      EXPECT_NEAR(after[i], before[i] * c.scale.deviation[i] + c.scale.mean[i], 1e-6 * std::fabs(after[i]));
    // Out again, and in once more: the metadata comes back, and weights are what they were, to the bit.
    Graph back = scaled;
    Feeding feeding;
    const auto taken = take_answer_scale(back, &feeding);
    ASSERT_TRUE(taken) << taken.error().to_string();
    EXPECT_EQ(feeding.target_mean, c.scale.mean);
    EXPECT_FALSE(answer_scale(back).on());
    EXPECT_EQ(back.nodes.size(), plain.nodes.size());
    const std::vector<float> again = answers(back);
    for (size_t i = 0; i < again.size(); ++i) EXPECT_NEAR(again[i], before[i], 1e-6);
    ASSERT_TRUE(put_answer_scale(back, *taken));
    EXPECT_EQ(back.metadata, scaled.metadata);
    EXPECT_EQ(answers(back), after);
  }
}

TEST(AnswerScale, ModelsWithoutOneStayAsTheyAre) {
  Graph graph = network({{.word = "dense", .size = 2}});
  graph.metadata["thimble.preprocess"] = Feeding().to_json();
  const auto taken = take_answer_scale(graph);
  ASSERT_TRUE(taken);
  EXPECT_FALSE(taken->on());
  ASSERT_TRUE(put_answer_scale(graph, *taken));
  // A model that says so, but ends otherwise.
  graph = network({{.word = "dense", .size = 1, .activation = "tanh"}});
  set_metadata(graph, {{250000}, {65536}, {}});
  EXPECT_EQ(take_answer_scale(graph).error().code, ErrorCode::unsupported);
}

TEST(AnswerScale, OnlyLinearLastLayersLearnScaledTargets) {
  const auto linear = [](std::vector<LayerSpec> layers) {
    ModelSpec spec;
    spec.layers = std::move(layers);
    return has_linear_answer(spec);
  };
  EXPECT_TRUE(linear({{.word = "dense", .size = 1}}));
  EXPECT_TRUE(linear({{.word = "dense", .size = 2, .activation = "linear"}, {.word = "flatten"}}));
  EXPECT_FALSE(linear({{.word = "dense", .size = 1, .activation = "relu"}}));
  EXPECT_FALSE(linear({{.word = "dense", .size = 1}, {.word = "sigmoid"}}));
  EXPECT_FALSE(linear({{.word = "lstm", .size = 4}}));
  ModelSpec imported;
  imported.graph = std::make_shared<const Graph>(network({{.word = "dense", .size = 1}}));
  EXPECT_TRUE(has_linear_answer(imported));
  imported.graph = std::make_shared<const Graph>(network({{.word = "dense", .size = 1, .activation = "relu"}}));
  EXPECT_FALSE(has_linear_answer(imported));
}

}  // namespace
}  // namespace thimble
