// Whether one variant is better than another by more than chance: from the same test samples in pairs, and for speed
// from the spread between trials.
#pragma once

#include "report/study_result.h"

namespace thimble {

struct Comparison {
  // How much better the first one is: share of samples answered correctly (0.01 is a percentage point), or, where the
  // answer is a number, the share of the second one's root mean squared error that it has less. NaN: not comparable.
  double gain = kAbsent;
  double p = 1;  // of such a difference between equally good models

  bool better(double level = 0.05) const { return gain > 0 && p < level; }
  bool worse(double level = 0.05) const { return gain < 0 && p < level; }
};

// McNemar's test, or a paired bootstrap over squared errors or over means of several seeds. Where the samples' outcomes
// are not there or not of one set, two proportions that know nothing of each other; for numbers without them, p is 0
// for a difference of more than 5 % and else 1.
Comparison compare(const VariantResult& a, const VariantResult& b);

// Median latency of the first entry of measure.threads, microseconds; NaN without.
double median_us(const VariantResult& v);

// −1: a is faster by more than the trials spread; 1: slower; 0: as fast, or not measured. The difference must exceed
// 3 %, and twice the deviation of the trials' medians (10 % where there are no trials to tell).
int compare_speed(const VariantResult& a, const VariantResult& b);

}  // namespace thimble
