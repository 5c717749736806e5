#include "study/training_warnings.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

EpochRecord epoch(double loss, double accuracy, double val_accuracy) {
  EpochRecord e;
  e.loss = loss;
  e.accuracy = accuracy;
  e.val_accuracy = val_accuracy;
  e.has_validation = val_accuracy >= 0;
  return e;
}

struct Case {
  ModelSpec model;
  TrainSpec spec;
  std::vector<EpochRecord> epochs;
  TrainingFacts facts(double accuracy) const { return {model, spec, epochs, 50000, 10, accuracy, 10000, 0.1135}; }
};

Case network(double momentum) {
  Case c;
  c.spec.batch = 100;
  c.model.layers = {{.word = "conv2d"}, {.word = "residual"}, {.word = "dense"}};
  LayerSpec norm{.word = "batch_norm"};
  norm.momentum = momentum;
  if (momentum >= 0) c.model.layers[1].branches = {{norm}};
  return c;
}

TEST(TrainingWarnings, AHealthyTrainingHasNone) {
  Case c = network(0.9);
  c.epochs = {epoch(0.2, 0.94, 0.97), epoch(0.05, 0.98, 0.985)};
  EXPECT_TRUE(training_warnings(c.facts(0.987)).empty());
  EXPECT_NE(training_guards(c.facts(0.987)).find("98.5 % against 98.0 % in training"), std::string::npos);
  EXPECT_TRUE(training_guards(network(-1).facts(0.9)).empty());
}

TEST(TrainingWarnings, LearnedInTrainingButNotInInference) {
  Case c = network(0.9999);
  c.epochs = {epoch(0.1, 0.97, 0.1)};
  const auto w = training_warnings(c.facts(0.097));
  ASSERT_EQ(w.size(), 2u);
  EXPECT_NE(w[0].find("9.7 % is no better than always naming one class (11.3 %)"), std::string::npos) << w[0];
  EXPECT_NE(w[0].find("momentum 0.9999 over 500 steps"), std::string::npos) << w[0];
  EXPECT_NE(w[1].find("still hold 95.1 %"), std::string::npos) << w[1];
}

// 17 points above the commonest class are 2.6 standard errors of 60 samples: no proof, but training says the same.
TEST(TrainingWarnings, FewTestSamplesAreNoFailure) {
  Case c = network(-1);
  c.epochs = {epoch(0.9, 0.66, -1)};
  EXPECT_TRUE(training_warnings({c.model, c.spec, c.epochs, 480, 3, 0.683, 60, 0.517}).empty());
  EXPECT_EQ(training_warnings({c.model, c.spec, c.epochs, 480, 3, 0.55, 60, 0.517}).size(), 1u);
  c.epochs = {epoch(1.1, 0.51, -1)};
  EXPECT_EQ(training_warnings({c.model, c.spec, c.epochs, 480, 3, 0.683, 60, 0.517}).size(), 1u);
}

TEST(TrainingWarnings, DidNotLearnAtAll) {
  Case c = network(-1);
  c.spec.optimizer.learning_rate = 3;
  c.epochs = {epoch(2.31, 0.1, -1)};
  const auto w = training_warnings(c.facts(0.1));
  ASSERT_EQ(w.size(), 1u);
  EXPECT_NE(w[0].find("it is 3; try a tenth"), std::string::npos) << w[0];
  EXPECT_NE(w[0].find("chance is 2.3"), std::string::npos) << w[0];
}

TEST(TrainingWarnings, FarBelowTraining) {
  Case c = network(-1);
  c.epochs = {epoch(0.01, 0.99, 0.6)};
  const auto w = training_warnings(c.facts(0.61));
  ASSERT_EQ(w.size(), 1u);
  EXPECT_NE(w[0].find("overfits"), std::string::npos);
}

TEST(TrainingWarnings, ARegressionIsNotAClassifier) {
  Case c = network(-1);
  c.epochs = {epoch(0.01, -1, -1)};
  TrainingFacts facts = c.facts(-1);
  facts.classes = 0;
  EXPECT_TRUE(training_warnings(facts).empty());
}

}  // namespace
}  // namespace thimble
