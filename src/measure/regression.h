// How far predicted numbers are from true ones: what stands in place of accuracy where the answer is a number.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace thimble {

struct RegressionScore {
  double mse = std::numeric_limits<double>::quiet_NaN();   // mean squared error
  double rmse = std::numeric_limits<double>::quiet_NaN();  // its root, in the units of the target
  double mae = std::numeric_limits<double>::quiet_NaN();   // mean absolute error
  double r2 = std::numeric_limits<double>::quiet_NaN();  // 1 − Σ(error²) / Σ((truth − mean)²): 1 is perfect, 0 as
                                                         // good as the mean; NaN where the truth is constant
  double max_error = std::numeric_limits<double>::quiet_NaN();  // the largest absolute error

  bool present() const { return mse == mse; }
};

// Rows of `width` values each; the mean of r2 is taken per column, sums over all. Nothing measured without rows.
RegressionScore regression_score(std::span<const float> predicted, std::span<const float> truth, int64_t width);

}  // namespace thimble
