#include "compress/calibrate/observer.h"

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
  if (calibration == Calibration::percentile) return percentile_range(percentile);
  return searched_range(calibration == Calibration::mse ? &Observer::square_error : &Observer::divergence);
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

double Observer::divergence(ValueRange range) const {
  constexpr size_t kLevels = 256;
  const double lo = std::min(range.min, 0.0f), hi = std::max(range.max, 0.0f), level = (hi - lo) / kLevels;
  if (level <= 0) return INFINITY;
  const auto inside = [&](size_t i) { return centre(i) >= lo && centre(i) <= hi; };
  const auto level_of = [&](size_t i) { return std::min(static_cast<size_t>((centre(i) - lo) / level), kLevels - 1); };
  // What the levels keep: the count of each, spread over the bins of it that hold something.
  double kept[kLevels] = {}, below = 0, above = 0, all = 0, held = 0;
  int64_t bins[kLevels] = {};
  size_t first = histogram_.size(), last = 0;
  for (size_t i = 0; i < histogram_.size(); ++i) {
    const auto n = static_cast<double>(histogram_[i]);
    all += n;
    if (!inside(i)) {
      (centre(i) < lo ? below : above) += n;
      continue;
    }
    first = std::min(first, i);
    last = std::max(last, i);
    held += n;
    if (n == 0) continue;
    kept[level_of(i)] += n;
    ++bins[level_of(i)];
  }
  if (held == 0) return INFINITY;
  // Against the histogram whose ends hold what is cut off.
  constexpr double kLeast = 1e-12;
  double sum = 0;
  for (size_t i = first; i <= last; ++i) {
    const double p = (static_cast<double>(histogram_[i]) + (i == first ? below : 0) + (i == last ? above : 0)) / all;
    if (p == 0) continue;
    const size_t l = level_of(i);
    const double q = histogram_[i] > 0 ? kept[l] / static_cast<double>(bins[l]) / held : 0;
    sum += p * std::log(p / std::max(q, kLeast));
  }
  return sum;
}

ValueRange Observer::searched_range(double (Observer::*cost)(ValueRange) const) const {
  constexpr int kSteps = 64, kRounds = 2;
  ValueRange best{std::min(min_, 0.0f), std::max(max_, 0.0f)};
  const ValueRange whole = best;
  double least = (this->*cost)(best);
  for (int round = 0; round < kRounds; ++round)
    for (const bool upper : {true, false})
      for (int step = 1; step <= kSteps; ++step) {
        ValueRange candidate = best;
        const float part = static_cast<float>(step) / kSteps;
        (upper ? candidate.max : candidate.min) = part * (upper ? whole.max : whole.min);
        const double error = (this->*cost)(candidate);
        if (error < least) {
          least = error;
          best = candidate;
        }
      }
  return best;
}

}  // namespace thimble
