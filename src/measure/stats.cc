#include "measure/stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace thimble {

namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kZ95 = 1.959963984540054;  // 97.5 % quantile of the standard normal distribution

std::vector<double> sorted_copy(std::span<const double> samples) {
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

// The median needs no full sort: the bootstrap asks for it thousands of times.
double median_in_place(std::vector<double>& values) {
  const size_t n = values.size(), half = n / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<int64_t>(half), values.end());
  const double upper = values[half];
  if (n % 2 == 1) return upper;
  const double lower = *std::max_element(values.begin(), values.begin() + static_cast<int64_t>(half));
  return lower + (upper - lower) * 0.5;
}
}  // namespace

double mean_of(std::span<const double> samples) {
  if (samples.empty()) return kNaN;
  double sum = 0;
  for (double s : samples) sum += s;
  return sum / static_cast<double>(samples.size());
}

double stddev_of(std::span<const double> samples) {
  if (samples.size() < 2) return 0;
  const double mean = mean_of(samples);
  double squares = 0;
  for (double s : samples) squares += (s - mean) * (s - mean);
  return std::sqrt(squares / static_cast<double>(samples.size() - 1));
}

double percentile_of_sorted(std::span<const double> ascending, double p) {
  if (ascending.empty() || std::isnan(p)) return kNaN;
  const double rank = std::clamp(p, 0.0, 100.0) / 100.0 * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const double part = rank - static_cast<double>(below);
  if (part == 0 || below + 1 >= ascending.size()) return ascending[below];
  return ascending[below] + (ascending[below + 1] - ascending[below]) * part;
}

double percentile_of(std::span<const double> samples, double p) {
  return percentile_of_sorted(sorted_copy(samples), p);
}

double median_of(std::span<const double> samples) {
  if (samples.empty()) return kNaN;
  std::vector<double> copy(samples.begin(), samples.end());
  return median_in_place(copy);
}

Interval bootstrap95(std::span<const double> samples, Statistic statistic, uint64_t seed, int resamples) {
  if (samples.empty() || resamples < 1) return {kNaN, kNaN};
  Random random(seed, 0x626f6f74);  // a stream of its own
  std::vector<double> draw(samples.size()), values(static_cast<size_t>(resamples));
  for (double& value : values) {
    for (double& d : draw) d = samples[random.below(samples.size())];
    value = statistic == Statistic::mean ? mean_of(draw) : median_in_place(draw);
  }
  std::sort(values.begin(), values.end());
  return {percentile_of_sorted(values, 2.5), percentile_of_sorted(values, 97.5)};
}

// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
Interval wilson95(int64_t successes, int64_t trials) {
  if (trials <= 0) return {0, 1};
  const double n = static_cast<double>(trials);
  const double p = static_cast<double>(std::clamp<int64_t>(successes, 0, trials)) / n;
  const double z2 = kZ95 * kZ95;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kZ95 * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

LatencySummary summarize(std::span<const double> samples) {
  LatencySummary s;
  if (samples.empty()) return s;
  const std::vector<double> sorted = sorted_copy(samples);
  s.p50 = percentile_of_sorted(sorted, 50);
  s.p90 = percentile_of_sorted(sorted, 90);
  s.p99 = percentile_of_sorted(sorted, 99);
  s.mean = mean_of(samples);
  s.stddev = stddev_of(samples);
  s.min = sorted.front();
  s.max = sorted.back();
  s.count = static_cast<int64_t>(sorted.size());
  return s;
}

void write_json(JsonWriter& json, const LatencySummary& s) {
  json.begin_object()
      .field("p50", s.p50)
      .field("p90", s.p90)
      .field("p99", s.p99)
      .field("mean", s.mean)
      .field("stddev", s.stddev)
      .field("min", s.min)
      .field("max", s.max)
      .field("count", s.count)
      .end_object();
}

}  // namespace thimble
