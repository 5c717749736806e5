#include "study/validation_score.h"

#include <algorithm>

namespace thimble {

HeldOut hold_out(const Splits& splits, int64_t limit) {
  HeldOut held{splits.train, splits.validation};
  if (held.train.valid() && (!held.validation.valid() || held.validation.empty())) {
    const int64_t count = std::min<int64_t>(held.train.size() / 10, 5000);
    held.validation = held.train.slice(held.train.size() - count, count);
    held.train = held.train.slice(0, held.train.size() - count);
  }
  if (held.validation.valid()) held.validation = held.validation.limit(limit);
  return held;
}

ScoreModel validation_score(const Dataset& validation, const Feeding& feeding, const EvaluateOptions& options) {
  return [=](const Graph& graph) -> Result<ModelScore> {
    THIMBLE_ASSIGN(const EvaluationResult e, evaluate_model(graph, validation, feeding, options));
    ModelScore score{.loss = e.loss};
    if (validation.classes() > 0) score.accuracy = e.accuracy;
    return score;
  };
}

}  // namespace thimble
