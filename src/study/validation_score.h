// Samples that choices are made on, held apart from those that a model learns or is calibrated from; never the test
// set.
#pragma once

#include "compress/mixed_precision/sensitivity.h"
#include "study/evaluate.h"

namespace thimble {

struct HeldOut {
  Dataset train, validation;
};

// The set's own validation part; where there is none, the last tenth of the training part (at most 5,000 samples) is
// taken from it. At most `limit` validation samples (0: all).
HeldOut hold_out(const Splits& splits, int64_t limit = 0);

// Scores a model on `validation`: accuracy and cross-entropy of classes, or the mean squared error of numbers.
ScoreModel validation_score(const Dataset& validation, const Feeding& feeding, const EvaluateOptions& options);

}  // namespace thimble
