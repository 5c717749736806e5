#include "measure/regression.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace thimble {

RegressionScore regression_score(std::span<const float> predicted, std::span<const float> truth, int64_t width) {
  RegressionScore score;
  const size_t n = std::min(predicted.size(), truth.size()), columns = static_cast<size_t>(std::max<int64_t>(width, 1));
  if (n < columns) return score;
  std::vector<double> mean(columns, 0.0);
  for (size_t i = 0; i < n; ++i) mean[i % columns] += truth[i];
  for (double& m : mean) m /= static_cast<double>(n / columns);
  double squares = 0, absolute = 0, spread = 0, worst = 0;
  for (size_t i = 0; i < n; ++i) {
    const double error = static_cast<double>(predicted[i]) - truth[i], away = truth[i] - mean[i % columns];
    squares += error * error;
    absolute += std::fabs(error);
    spread += away * away;
    worst = std::isnan(error) ? error : std::max(worst, std::fabs(error));
  }
  const auto count = static_cast<double>(n);
  score.mse = squares / count;
  score.rmse = std::sqrt(score.mse);
  score.mae = absolute / count;
  score.max_error = worst;
  if (spread > 0) score.r2 = 1 - squares / spread;
  return score;
}

}  // namespace thimble
