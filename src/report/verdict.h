// Which file to ship, and why, in words: the conclusions that the report and the command line print. docs/results.md
// states the rule.
#pragma once

#include <string>
#include <vector>

#include "report/doubts.h"
#include "report/study_result.h"

namespace thimble {

// What may be lost where the recipe does not say (measure.allow_drop).
inline constexpr double kAllowPoints = 0.5;   // of accuracy
inline constexpr double kAllowPercent = 5.0;  // more root mean squared error (or loss, where there is neither)

struct Verdict {
  int reference = -1;  // index of the float32 variant (else the first), -1 without variants
  // Among the files within the allowance of the reference, the smallest; among those of about its size (packed bytes
  // within 10 %) the one that is more accurate than chance explains, among equals of that the faster one.
  int ship = -1;
  bool useless = false;        // even that one is no better than a constant: nothing to ship
  int runner_up = -1;          // what one would take in its place, for more accuracy or fewer bytes
  int fastest = -1;            // lowest median latency
  bool fastest_alone = false;  // by more than the trials spread, before every other
  int smallest = -1;
  int packed = -1;  // fewest bytes as a .thim file within the same allowance; -1 if it is `ship`, or gains below 10 %
  int most_accurate = -1;
  int sweep = -1;  // the point of the sweep that is clearly more accurate than `ship`
  Doubts doubts;   // about `ship`
  double allow = kAllowPoints;
  std::vector<std::string> sentences;  // for a reader who knows no machine learning
};

Verdict judge(const StudyResult& result);

// Whether `v` is within the allowance: points of accuracy, else percent of the root mean squared error or of the loss.
bool good_enough(const VariantResult& v, const VariantResult& reference, double allow);

// The sentences of a verdict whose choices are made (verdict_words.cc).
std::vector<std::string> verdict_sentences(const StudyResult& result, const Verdict& verdict);

}  // namespace thimble
