// The same seed gives the same weights, bit for bit, on one thread and on two: a network with every
// kind of layer whose sums could depend on how work is split, with and without augmentation (which
// brings the prefetching thread).
#include <gtest/gtest.h>

#include "pictures.h"
#include "train/trainer.h"

namespace thimble::test {
namespace {

TrainResult trained(const ModelSpec& model, const TrainSpec& spec, const Augment& augment, int threads) {
  TrainOptions options;
  options.threads = threads;
  const auto result = train(model, spec, pictures(403, 1), pictures(101, 2), Feeding(), augment, options);
  EXPECT_TRUE(result) << result.error().to_string();
  return result ? *result : TrainResult{};
}

TrainSpec two_epochs() {
  TrainSpec spec;
  spec.optimizer = *make_optimizer("adam");
  spec.batch = 48;
  spec.epochs = 2;
  spec.seed = 11;
  spec.average = 0.95;
  spec.schedule.kind = ScheduleSpec::Kind::cosine;
  return spec;
}

Augment augmentation() {
  Augment a;
  a.shift = 2;
  a.rotate = 10;
  a.scale = 0.1f;
  a.noise = 0.02f;
  a.flip = true;
  return a;
}

void expect_same_for_threads(const ModelSpec& model, const TrainSpec& spec, const Augment& augment) {
  const TrainResult one = trained(model, spec, augment, 1), two = trained(model, spec, augment, 2),
                    again = trained(model, spec, augment, 1);
  ASSERT_FALSE(one.weights.empty());
  EXPECT_EQ(one.weights, two.weights) << "two threads";
  EXPECT_EQ(one.weights, again.weights) << "a second time";
  for (size_t e = 0; e < one.epochs.size(); ++e) {
    EXPECT_EQ(one.epochs[e].loss, two.epochs[e].loss);
    EXPECT_EQ(one.epochs[e].val_loss, two.epochs[e].val_loss);
  }
  TrainSpec other = spec;
  other.seed = 12;
  EXPECT_NE(one.weights, trained(model, other, augment, 1).weights) << "another seed";
}

TEST(Determinism, NetworkWithEveryLayer) { expect_same_for_threads(picture_network(), two_epochs(), {}); }

TEST(Determinism, AugmentationAndPrefetching) {
  expect_same_for_threads(picture_network(), two_epochs(), augmentation());
}

TEST(Determinism, EveryOptimizer) {
  ModelSpec model;
  model.input = {12, 12, 1};
  model.layers = {{.word = "conv2d", .size = 6, .stride_h = 2, .stride_w = 2, .activation = "relu"},
                  {.word = "flatten", .size = 1},
                  {.word = "dense", .size = 4, .activation = "softmax"}};
  for (const char* name : {"sgd", "rmsprop", "adamw", "adadelta", "adagrad", "adamax", "nadam", "ftrl", "lion"}) {
    TrainSpec spec = two_epochs();
    spec.optimizer = *make_optimizer(name);
    spec.optimizer.global_clipnorm = 0.5;
    spec.epochs = 1;
    EXPECT_EQ(trained(model, spec, {}, 1).weights, trained(model, spec, {}, 2).weights) << name;
  }
}

TEST(Determinism, Lstm) {
  ModelSpec model;
  model.input = {12, 12};
  model.layers = {{.word = "lstm", .size = 9, .return_sequences = true},
                  {.word = "flatten", .size = 1},
                  {.word = "dense", .size = 4, .activation = "softmax"}};
  expect_same_for_threads(model, two_epochs(), {});
}

}  // namespace
}  // namespace thimble::test
