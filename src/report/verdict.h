// Which file to ship, in words: the conclusions that the report and the command line print.
#pragma once

#include <string>
#include <vector>

#include "report/study_result.h"

namespace thimble {

struct Verdict {
  int reference = -1;  // index of the float32 variant (else the first), -1 without variants
  int ship = -1;       // smallest within the tolerance of the reference's accuracy; among files
                       // within 10 % of that size, the one with the lowest median latency
  int fastest = -1;    // lowest median latency
  int smallest = -1;
  int packed = -1;  // fewest bytes as a .thim file within the same tolerance; -1 if it is `ship`, or gains below 10 %
  int most_accurate = -1;
  std::vector<std::string> sentences;  // for a reader who knows no machine learning
};

// tolerance: accuracy that may be lost, 0.005 is half a percentage point; for numbers (regression) the share of the
// target's variance (R²) that may be. Without either the loss is compared, with 5 % relative tolerance.
Verdict judge(const std::vector<VariantResult>& variants, double tolerance = 0.005);

}  // namespace thimble
