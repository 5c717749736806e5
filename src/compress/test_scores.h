// Accuracy and loss of the small classification problem of test_training.h, and its samples for calibration.
#pragma once

#include "compress/mixed_precision/sensitivity.h"
#include "compress/test_graphs.h"
#include "compress/test_training.h"

namespace thimble::test {

inline CalibrationSamples ring_samples(int64_t count = 100) {
  const Dataset set = rings(count, 1);
  return [set](int64_t i, std::span<float> input) {
    if (i >= set.size()) return false;
    std::copy_n(set.floats(i), 2, input.begin());
    return true;
  };
}

inline ScoreModel ring_score(int64_t count = 1000) {
  const Dataset set = rings(count, 9);
  return [set](const Graph& graph) -> Result<ModelScore> {
    THIMBLE_ASSIGN(auto program, Program::plan(graph));
    THIMBLE_ASSIGN(const auto session, Session::create(std::move(program)));
    ModelScore score{0, 0};
    for (int64_t i = 0; i < set.size(); ++i) {
      std::memcpy(session->input(0).data(), set.floats(i), 8);
      THIMBLE_TRY(session->run());
      const auto* y = reinterpret_cast<const float*>(session->output(0).data());
      score.accuracy += std::max_element(y, y + 3) - y == set.label(i);
      score.loss -= std::log(std::max(y[set.label(i)], 1e-7f));
    }
    score.accuracy /= static_cast<double>(set.size());
    score.loss /= static_cast<double>(set.size());
    return score;
  };
}

}  // namespace thimble::test
