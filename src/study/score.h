// What the variants of one training are worth: accuracy or error on the test set and the further ones, how far each is
// from the first, and what a report shows of the mistakes.
#pragma once

#include "study/evaluate.h"
#include "study/session_data.h"
#include "study/study.h"
#include "study/variants.h"

namespace thimble {

struct ScoreOptions {
  const StudyData& data;
  uint64_t seed = 1;
  bool pictures = false;  // what a report draws: confusion matrix, misclassified samples, errors of numbers
  int threads = 1;
};

class Scorer {
 public:
  Scorer(const ScoreOptions& options, const StudyHooks& hooks) : options_(options), hooks_(hooks) {}

  // Fills the variant's result. The first one that is scored is what the others are compared with.
  Status score(Variant& variant);
  const std::vector<float>& first_outputs() const { return first_outputs_; }

 private:
  void compare(VariantResult& r, const EvaluationResult& e);
  void collect_errors(VariantResult& r, const EvaluationResult& e) const;
  void collect_misclassified(VariantResult& r, const EvaluationResult& e) const;

  const ScoreOptions options_;
  const StudyHooks& hooks_;
  std::vector<float> first_outputs_;
  std::vector<int32_t> first_predictions_;
};

}  // namespace thimble
