// Reasons not to believe a score yet: a model no better than a constant, a training that was still getting better, a
// test set too small for the differences that are looked at.
#pragma once

#include "report/study_result.h"

namespace thimble {

struct Doubts {
  bool useless = false;              // no better than a constant: the most frequent class, the mean of the targets
  bool doubtful = false;             // better than that, but not clearly
  bool unfinished = false;           // the loss was still falling when the training ended, or there was one epoch only
  bool few = false;                  // test samples
  std::vector<std::string> reasons;  // one clause each, for the middle of a sentence

  bool any() const { return useless || doubtful || unfinished || few; }
};

// training: the epochs that the variant's network was trained from nothing.
// allow: what may be lost, in points of accuracy; test sets that leave the accuracy unsure by three times that are
// small.
Doubts doubts_about(const VariantResult& v, const std::vector<EpochRow>& training, double allow);

// By what share the loss (that of the validation samples where there are some) fell per epoch in the last fifth of the
// training, at least three epochs: the slope of its logarithm. NaN for fewer than two epochs.
double fall_per_epoch(const std::vector<EpochRow>& epochs);

// Half of the 95 % interval of an accuracy p that n samples gave.
double accuracy_uncertainty(double p, int64_t n);

}  // namespace thimble
