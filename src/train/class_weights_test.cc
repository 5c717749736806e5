// Class weights: a sample of weight 2 is as good as two of it.
#include "train/class_weights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "train/trainer.h"

namespace thimble {
namespace {

// `count` points of class 0 and one of class 1, or each of class 0 `copies` times.
Dataset points(int count, int copies) {
  auto s = std::make_shared<Samples>();
  s->name = "points";
  s->sample_shape = {2};
  s->storage = Storage::floats;
  s->classes = 2;
  s->label_names = {"often", "rare"};
  Random random(5);
  for (int i = 0; i < count + 1; ++i) {
    const float x = static_cast<float>(random.normal()), y = static_cast<float>(random.normal());
    for (int c = 0; c < (i < count ? 1 : copies); ++c) {
      s->floats.insert(s->floats.end(), {x, y});
      s->labels.push_back(i < count ? 0 : 1);
      ++s->count;
    }
  }
  return Dataset(s);
}

Result<TrainResult> one_step(const Dataset& set, const ModelSpec& model, TrainSpec spec, double rate) {
  spec.optimizer = *make_optimizer("sgd");
  spec.optimizer.learning_rate = rate;
  spec.batch = set.size();
  spec.epochs = 3;
  return train(model, spec, set, {}, {}, {}, {});
}

TEST(ClassWeights, AreLikeCopiesOfTheSample) {
  struct Case {
    int outputs;
    const char* activation;
    LossChoice loss;
  };
  for (const Case& c : {Case{2, "softmax", LossChoice::automatic}, Case{2, "log_softmax", LossChoice::automatic},
                        Case{1, "sigmoid", LossChoice::automatic}, Case{2, "sigmoid", LossChoice::binary_crossentropy}})
    for (const double smoothing : {0.0, 0.1}) {
      SCOPED_TRACE(format("{} {} {}", c.outputs, c.activation, smoothing));
      ModelSpec model;
      model.input = {2};
      model.layers = {{.word = "dense", .size = 4, .activation = "tanh"},
                      {.word = "dense", .size = static_cast<double>(c.outputs), .activation = c.activation}};
      TrainSpec plain, weighted;
      plain.loss = weighted.loss = c.loss;
      plain.label_smoothing = weighted.label_smoothing = smoothing;
      weighted.class_weights.weights = {{"rare", 3}};
      const auto copied = one_step(points(5, 3), model, plain, 0.8);    // a mean over 8
      const auto heavy = one_step(points(5, 1), model, weighted, 0.6);  // and over 6
      ASSERT_TRUE(copied) << copied.error().to_string();
      ASSERT_TRUE(heavy) << heavy.error().to_string();
      const auto &want = copied->weights.parameters, &got = heavy->weights.parameters;
      ASSERT_EQ(want.size(), got.size());
      for (size_t p = 0; p < want.size(); ++p)
        for (size_t i = 0; i < want[p].size(); ++i) EXPECT_NEAR(want[p][i], got[p][i], 2e-6) << p;
    }
}

TEST(ClassWeights, BalancedAndErrors) {
  const Dataset set = points(9, 1);
  LossPlan plan;
  plan.classes = true;
  plan.attrs.kind = LossKind::crossentropy;
  TrainSpec spec;
  spec.class_weights.balanced = true;
  ASSERT_TRUE(add_class_weights(spec, set, &plan));
  EXPECT_FLOAT_EQ(plan.class_weights[0], 10.0f / 18);
  EXPECT_FLOAT_EQ(plan.class_weights[1], 5);
  EXPECT_FALSE(plan.integer_labels());
  spec.class_weights = {.weights = {{"1", 4}}};  // by number
  ASSERT_TRUE(add_class_weights(spec, set, &plan));
  EXPECT_EQ(plan.class_weights, (std::vector<float>{1, 4}));
  spec.class_weights = {.weights = {{"rar", 4}}};
  EXPECT_NE(add_class_weights(spec, set, &plan).error().hint.find("rare"), std::string::npos);
  plan.attrs.kind = LossKind::mse;
  spec.class_weights = {.balanced = true};
  EXPECT_EQ(add_class_weights(spec, set, &plan).error().code, ErrorCode::usage);
  plan.classes = false;
  EXPECT_EQ(add_class_weights(spec, set, &plan).error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace thimble
