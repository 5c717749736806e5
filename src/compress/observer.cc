#include "compress/observer.h"

#include <algorithm>
#include <cmath>

namespace thimble {

void Observer::see(std::span<const float> values) {
  if (values.empty()) return;
  if (counting_) {
    const double per_bin = width_ > 0 ? 1 / width_ : 0;
    for (float v : values) {
      const double bin = std::clamp((v - static_cast<double>(min_)) * per_bin, 0.0, bins_ - 1.0);
      ++histogram_[static_cast<size_t>(bin)];
    }
    return;
  }
  if (count_ == 0) min_ = max_ = std::isfinite(values[0]) ? values[0] : 0;
  float lo = min_, hi = max_;
  bool finite = true;
  for (float v : values) {
    lo = v < lo ? v : lo;
    hi = v > hi ? v : hi;
    finite = finite && std::isfinite(v);
  }
  if (finite) {
    min_ = lo;
    max_ = hi;
  } else {
    non_finite_ = true;
  }
  count_ += static_cast<int64_t>(values.size());
}

void Observer::start_histogram() {
  counting_ = true;
  histogram_.assign(static_cast<size_t>(bins_), 0);
  width_ = (static_cast<double>(max_) - min_) / bins_;
}

ValueRange Observer::range(Calibration calibration, double percentile) const {
  if (calibration == Calibration::minmax || width_ <= 0) return extremes();
  return calibration == Calibration::percentile ? percentile_range(percentile) : mse_range();
}

ValueRange Observer::percentile_range(double percentile) const {
  int64_t total = 0;
  for (int64_t n : histogram_) total += n;
  const double tail = static_cast<double>(total) * (1 - percentile / 100);
  size_t first = 0, last = histogram_.size() - 1;
  for (double below = static_cast<double>(histogram_[first]); below <= tail && first < last;)
    below += static_cast<double>(histogram_[++first]);
  for (double above = static_cast<double>(histogram_[last]); above <= tail && last > first;)
    above += static_cast<double>(histogram_[--last]);
  // The outer edges of the bins that stay; exactly the extremes if nothing is cut.
  return {first == 0 ? min_ : static_cast<float>(centre(first) - width_ / 2),
          last == histogram_.size() - 1 ? max_ : static_cast<float>(centre(last) + width_ / 2)};
}

double Observer::square_error(ValueRange range) const {
  const double lo = std::min(range.min, 0.0f), hi = std::max(range.max, 0.0f), scale = (hi - lo) / 255;
  if (scale <= 0) return INFINITY;
  double sum = 0;
  for (size_t i = 0; i < histogram_.size(); ++i) {
    if (!histogram_[i]) continue;
    const double v = centre(i), clipped = std::clamp(v, lo, hi);
    // Inside the range the error of rounding is uniform in ± half a quantum; outside it is the distance.
    const double error = (v - clipped) * (v - clipped) + scale * scale / 12;
    sum += static_cast<double>(histogram_[i]) * error;
  }
  return sum;
}

ValueRange Observer::mse_range() const {
  constexpr int kSteps = 64, kRounds = 2;
  ValueRange best{std::min(min_, 0.0f), std::max(max_, 0.0f)};
  const ValueRange whole = best;
  double least = square_error(best);
  for (int round = 0; round < kRounds; ++round)
    for (const bool upper : {true, false})
      for (int step = 1; step <= kSteps; ++step) {
        ValueRange candidate = best;
        const float part = static_cast<float>(step) / kSteps;
        (upper ? candidate.max : candidate.min) = part * (upper ? whole.max : whole.min);
        const double error = square_error(candidate);
        if (error < least) {
          least = error;
          best = candidate;
        }
      }
  return best;
}

}  // namespace thimble
