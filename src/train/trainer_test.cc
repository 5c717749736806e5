#include "train/trainer.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace thimble {
namespace {

// Two noisy rings of points: not separable by a line, easy for a small network.
Dataset rings(int64_t count, uint64_t seed) {
  auto samples = std::make_shared<Samples>();
  samples->name = "rings";
  samples->sample_shape = {2};
  samples->storage = Storage::floats;
  samples->count = count;
  samples->classes = 2;
  samples->label_names = {"inner", "outer"};
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const int32_t label = static_cast<int32_t>(random.below(2));
    const double radius = 0.5 + label + 0.15 * random.normal(), angle = random.uniform(0, 6.28318);
    samples->floats.push_back(static_cast<float>(radius * std::cos(angle)));
    samples->floats.push_back(static_cast<float>(radius * std::sin(angle)));
    samples->labels.push_back(label);
  }
  return Dataset(samples);
}

ModelSpec small_network() {
  ModelSpec spec;
  spec.input = {2};
  spec.layers = {{.word = "dense", .size = 16, .activation = "relu"},
                 {.word = "dense", .size = 16, .activation = "tanh"},
                 {.word = "dense", .size = 2, .activation = "softmax"}};
  return spec;
}

TrainSpec small_training(int epochs) {
  TrainSpec spec;
  spec.optimizer = *make_optimizer("adam");
  spec.optimizer.learning_rate = 0.01;
  spec.batch = 32;
  spec.epochs = epochs;
  spec.seed = 7;
  return spec;
}

Feeding raw() { return Feeding(); }

TEST(Trainer, LearnsAndTwoThreadsGiveTheSameBits) {
  const Dataset train_set = rings(1000, 1), held_out = rings(300, 2);
  TrainOptions one, two;
  two.threads = 2;
  const auto a = train(small_network(), small_training(8), train_set, held_out, raw(), {}, one);
  ASSERT_TRUE(a) << a.error().to_string();
  EXPECT_GT(a->epochs.back().val_accuracy, 0.97);
  EXPECT_LT(a->epochs.back().loss, a->epochs.front().loss);
  EXPECT_EQ(a->parameters, 2 * 16 + 16 + 16 * 16 + 16 + 16 * 2 + 2);
  const auto b = train(small_network(), small_training(8), train_set, held_out, raw(), {}, two);
  ASSERT_TRUE(b) << b.error().to_string();
  EXPECT_EQ(a->weights, b->weights);
}

TEST(Trainer, ResumingFromAnyStepGivesTheSameWeights) {
  const Dataset train_set = rings(500, 1), held_out = rings(100, 2);
  TrainSpec spec = small_training(3);
  spec.average = 0.99;
  const auto whole = train(small_network(), spec, train_set, held_out, raw(), {}, {});
  ASSERT_TRUE(whole) << whole.error().to_string();
  for (const int stop_after : {1, 7, 15, 16, 31}) {
    TrainOptions options;
    options.checkpoint = testing::TempDir() + "trainer_test.ckpt";
    std::remove(options.checkpoint.c_str());
    std::remove((options.checkpoint + ".previous").c_str());
    int steps = 0;
    TrainHooks hooks;
    hooks.stop = [&] { return ++steps == stop_after; };
    const auto part = train(small_network(), spec, train_set, held_out, raw(), {}, options, hooks);
    ASSERT_TRUE(part) << part.error().to_string();
    EXPECT_TRUE(part->interrupted);
    options.resume = true;
    const auto rest = train(small_network(), spec, train_set, held_out, raw(), {}, options);
    ASSERT_TRUE(rest) << rest.error().to_string();
    EXPECT_EQ(rest->weights, whole->weights) << "stopped after " << stop_after;
    EXPECT_EQ(rest->epochs.size(), 3u);
    EXPECT_EQ(rest->epochs[0].loss, whole->epochs[0].loss);
  }
}

TEST(Trainer, DivergenceNamesATensor) {
  TrainSpec spec = small_training(5);
  spec.optimizer = *make_optimizer("sgd");
  spec.optimizer.learning_rate = 1e30;
  ModelSpec model = small_network();
  model.layers[1].activation = "relu";
  const auto result = train(model, spec, rings(200, 1), {}, raw(), {}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::diverged);
  EXPECT_NE(result.error().message.find("float32 ["), std::string::npos) << result.error().message;
}

TEST(Trainer, WhatIsWatchedMustExist) {
  const auto error_of = [&](auto change, const Dataset& validation) {
    TrainSpec spec = small_training(1);
    change(spec);
    const auto result = train(small_network(), spec, rings(50, 1), validation, raw(), {}, {});
    return result ? std::string() : result.error().message + result.error().hint;
  };
  const auto stopping = [](TrainSpec& s) { s.early_stopping.on = true; };
  const auto best = [](TrainSpec& s) { s.keep_best = true; };
  const auto plateau = [](TrainSpec& s) { s.plateau.on = true; };
  EXPECT_NE(error_of(stopping, {}).find("train.early_stopping watches val_loss"), std::string::npos);
  EXPECT_NE(error_of(best, {}).find("train.keep_best watches val_accuracy"), std::string::npos);
  EXPECT_NE(error_of(plateau, {}).find("data.split"), std::string::npos);
  EXPECT_EQ(error_of([](TrainSpec& s) { s.plateau = {.on = true, .monitor = "loss"}; }, {}), "");
  for (const auto change : {+stopping, +best, +plateau}) EXPECT_EQ(error_of(change, rings(20, 2)), "");
}

TEST(Trainer, ModelAndDataMustFit) {
  ModelSpec model = small_network();
  model.input = {3};
  EXPECT_EQ(train(model, small_training(1), rings(50, 1), {}, raw(), {}, {}).error().code, ErrorCode::usage);
  model = small_network();
  model.layers.back().size = 1.5;
  EXPECT_FALSE(train(model, small_training(1), rings(50, 1), {}, raw(), {}, {}));
  model.layers.back().word = "dens";
  const auto typo = train(model, small_training(1), rings(50, 1), {}, raw(), {}, {});
  ASSERT_FALSE(typo);
  EXPECT_NE(typo.error().hint.find("dense"), std::string::npos);
}

}  // namespace
}  // namespace thimble
