// Signs that a training failed although it ran to its end, in words that say what to look at. Made for the case that a
// published study reports as a result: a MobileNet with an accuracy of 0.097 on ten classes.
#pragma once

#include <string>
#include <vector>

#include "train/trainer.h"

namespace thimble {

struct TrainingFacts {
  const ModelSpec& model;
  const TrainSpec& spec;
  const std::vector<EpochRecord>& epochs;
  int64_t train_samples = 0;
  // On the test set; classes = 0 for a regression.
  int classes = 0;
  double accuracy = -1;
  int64_t test_samples = 0;
  double largest_class = 0;  // share of the most frequent class of the test set: what always saying it scores
};

// Sentences; empty when nothing looks wrong:
//   an accuracy no better than chance, with the causes that fit the curves;
//   training accuracy far above validation accuracy;
//   running averages of batch norm that still remember where they started.
std::vector<std::string> training_warnings(const TrainingFacts& facts);
// What was watched, for the notes of a report. Empty for a network without batch norm.
std::string training_guards(const TrainingFacts& facts);

// The largest momentum of any batch norm, −1 without one.
double batch_norm_momentum(const std::vector<LayerSpec>& layers);

}  // namespace thimble
