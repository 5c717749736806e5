// Transfer learning: where a model is cut, what stays, and that the new layers learn.
#include "train/new_head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/random.h"
#include "train/trainer.h"

namespace thimble {
namespace {

// Points on rings; classes first … first + count − 1 of them, numbered from 0.
Dataset rings(int first, int count, int64_t samples, uint64_t seed) {
  auto s = std::make_shared<Samples>();
  s->name = "rings";
  s->sample_shape = {2};
  s->storage = Storage::floats;
  s->count = samples;
  s->classes = count;
  for (int c = 0; c < count; ++c) s->label_names.push_back(format("ring {}", first + c));
  Random random(seed);
  for (int64_t i = 0; i < samples; ++i) {
    const auto label = static_cast<int32_t>(random.below(static_cast<uint64_t>(count)));
    const double radius = 0.5 + 0.5 * (first + label) + 0.05 * random.normal(), angle = random.uniform(0, 6.28318);
    s->floats.push_back(static_cast<float>(radius * std::cos(angle)));
    s->floats.push_back(static_cast<float>(radius * std::sin(angle)));
    s->labels.push_back(label);
  }
  return Dataset(s);
}

TrainSpec training(int epochs, double rate) {
  TrainSpec spec;
  spec.optimizer = *make_optimizer("adam");
  spec.optimizer.learning_rate = rate;
  spec.epochs = epochs;
  spec.seed = 3;
  return spec;
}

// A network that tells three rings apart, as its file has it.
const Graph& trained() {
  static const Graph graph = [] {
    ModelSpec spec;
    spec.input = {2};
    spec.layers = {{.word = "dense", .name = "first", .size = 48, .activation = "relu"},
                   {.word = "batch_norm", .name = "norm"},
                   {.word = "dense", .name = "second", .size = 48, .activation = "relu"},
                   {.word = "dense", .name = "old", .size = 3, .activation = "softmax"}};
    const auto result = train(spec, training(30, 0.01), rings(0, 3, 1500, 1), {}, {}, {}, {});
    EXPECT_TRUE(result) << result.error().to_string();
    auto made = with_weights(*build_model(spec, {.batch = 1}), result->weights);
    EXPECT_TRUE(made) << made.error().to_string();
    return std::move(*made);
  }();
  return graph;
}

ModelSpec with_head(int classes, int frozen, const std::string& cut = {}) {
  ModelSpec spec;
  auto body = without_head(trained(), cut);
  EXPECT_TRUE(body) << body.error().to_string();
  spec.graph = std::make_shared<const Graph>(std::move(*body));
  spec.new_head = {{.word = "dense", .size = static_cast<double>(classes), .activation = "softmax"}};
  spec.frozen_layers = frozen;
  return spec;
}

TEST(NewHead, IsCutBeforeTheLastLayerWithWeights) {
  const auto body = without_head(trained(), "");
  ASSERT_TRUE(body) << body.error().to_string();
  EXPECT_EQ(body->at(body->outputs[0]).shape, (Shape{1, 48}));
  for (const Tensor& t : body->tensors) EXPECT_EQ(t.name.find("old"), std::string::npos) << t.name;
  std::string first;  // the output of the first layer
  for (const Node& n : trained().nodes)
    if (first.empty() && n.op == Op::fully_connected) first = trained().at(n.outputs[0]).name;
  const auto shorter = without_head(trained(), first);
  ASSERT_TRUE(shorter) << shorter.error().to_string();
  EXPECT_LT(shorter->nodes.size(), body->nodes.size());
  EXPECT_EQ(without_head(trained(), "nothing").error().code, ErrorCode::usage);
  EXPECT_EQ(without_head(trained(), "input").error().code, ErrorCode::usage);
}

TEST(NewHead, LearnsOtherClassesAndFrozenLayersStay) {
  const Dataset train_set = rings(2, 4, 2000, 4), test = rings(2, 4, 800, 5);
  struct Case {
    int frozen;
    size_t parameters;  // tensors that learn
  };
  for (const Case& c : {Case{ModelSpec::kAll, 2}, Case{1, 4}, Case{0, 6}}) {
    const ModelSpec spec = with_head(4, c.frozen);
    const auto model = build_model(spec, {.batch = 1});
    ASSERT_TRUE(model) << model.error().to_string();
    EXPECT_EQ(model->parameters.size(), c.parameters);
    EXPECT_EQ(model->last_activation, "softmax");
    const auto result = train(spec, training(25, 0.01), train_set, test, {}, {}, {});
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_GT(result->epochs.back().val_accuracy, c.frozen == ModelSpec::kAll ? 0.8 : 0.93);
    EXPECT_EQ(result->weights.parameters.size(), c.parameters);
    std::set<std::string> learnt;
    for (const TensorId t : model->parameters) learnt.insert(model->graph.at(t).name);
    const auto made = with_weights(*build_model(spec, {.batch = 1}), result->weights);
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_TRUE(verify(*made));
    EXPECT_EQ(made->at(made->outputs[0]).shape, (Shape{1, 4}));
    // What is frozen has the values of the file.
    const auto values = [](const Tensor& t) {
      return std::vector<float>(t.data.as<float>().begin(), t.data.as<float>().end());
    };
    for (const Tensor& t : made->tensors)
      for (const Tensor& was : trained().tensors) {
        if (!t.constant() || t.name != was.name || learnt.contains(t.name)) continue;
        EXPECT_EQ(values(t), values(was)) << t.name;
      }
    // And again another head on what came out.
    auto twice = without_head(*made, "");
    ASSERT_TRUE(twice) << twice.error().to_string();
    ModelSpec second = spec;
    second.graph = std::make_shared<const Graph>(std::move(*twice));
    second.new_head.insert(second.new_head.begin(), {.word = "dense", .size = 8, .activation = "relu"});
    EXPECT_TRUE(train(second, training(1, 0.01), train_set, test, {}, {}, {}));
  }
}

TEST(NewHead, OtherClassesWithoutOneAreAnErrorThatSaysSo) {
  ModelSpec spec;
  spec.graph = std::make_shared<const Graph>(trained());
  const auto result = train(spec, training(1, 0.01), rings(0, 5, 100, 1), {}, {}, {}, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().hint.find("model.new_head"), std::string::npos) << result.error().to_string();
}

}  // namespace
}  // namespace thimble
