#include "measure/latency_record.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thimble {
namespace {

// Classes are equal steps of the logarithm: from 2^-14 µs (0.06 ns) to 2^34 µs (five hours).
constexpr int kPerOctave = 350, kLowest = -14, kOctaves = 48;
constexpr size_t kClasses = static_cast<size_t>(kPerOctave) * kOctaves;

size_t class_of(double us) {
  const double at = (std::log2(std::max(us, 1e-12)) - kLowest) * kPerOctave;
  return static_cast<size_t>(std::clamp(at, 0.0, static_cast<double>(kClasses - 1)));
}

double middle_of(size_t index) { return std::exp2((static_cast<double>(index) + 0.5) / kPerOctave + kLowest); }

}  // namespace

void LatencyRecord::add(double us, int64_t runs) {
  if (readings_ == 0) first_ = min_ = max_ = us;
  ++readings_;
  runs_ += runs;
  total_us_ += us * static_cast<double>(runs);
  const double off = us - mean_;  // Welford's recurrence
  mean_ += off / static_cast<double>(readings_);
  squares_ += off * (us - mean_);
  min_ = std::min(min_, us);
  max_ = std::max(max_, us);
  last_ = us;
  sorted_.clear();
  if (classes_.empty() && exact_.size() < kExact) {
    exact_.push_back(us);
    return;
  }
  if (classes_.empty()) {
    classes_.resize(kClasses);
    for (double value : exact_) ++classes_[class_of(value)];
    exact_ = {};
  }
  ++classes_[class_of(us)];
}

double LatencyRecord::at_rank(double rank) const {
  if (readings_ == 0) return std::numeric_limits<double>::quiet_NaN();
  if (classes_.empty()) {
    if (sorted_.empty()) {
      sorted_ = exact_;
      std::sort(sorted_.begin(), sorted_.end());
    }
    const double last = static_cast<double>(readings_ - 1);
    return percentile_of_sorted(sorted_, last > 0 ? rank / last * 100 : 0);
  }
  int64_t below = 0;
  for (size_t c = 0; c < classes_.size(); ++c) {
    below += classes_[c];
    if (static_cast<double>(below) > rank) return std::clamp(middle_of(c), min_, max_);
  }
  return max_;
}

double LatencyRecord::percentile(double p) const {
  return at_rank(std::clamp(p, 0.0, 100.0) / 100 * static_cast<double>(readings_ - 1));
}

Interval LatencyRecord::median95() const {
  const double n = static_cast<double>(readings_), half = 0.98 * std::sqrt(n);
  const double low = std::floor(n / 2 - half), high = std::ceil(n / 2 + half);
  return {at_rank(std::clamp(low, 0.0, n - 1)), at_rank(std::clamp(high, 0.0, n - 1))};
}

LatencySummary LatencyRecord::summary() const {
  LatencySummary s;
  if (empty()) return s;
  s.p50 = percentile(50);
  s.p90 = percentile(90);
  s.p99 = percentile(99);
  s.mean = total_us_ / static_cast<double>(std::max<int64_t>(runs_, 1));
  s.stddev = readings_ > 1 ? std::sqrt(squares_ / static_cast<double>(readings_ - 1)) : 0;
  s.min = min_;
  s.max = max_;
  s.count = runs_;
  return s;
}

}  // namespace thimble
