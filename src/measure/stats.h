// Statistics of measurements: moments, percentiles, and the intervals that a reader needs to see
// before believing that two numbers differ.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/json.h"

namespace thimble {

// NaN for an empty span.
double mean_of(std::span<const double> samples);
// Sample deviation (divisor n - 1); 0 for fewer than two samples.
double stddev_of(std::span<const double> samples);
// p in [0, 100]. Linear interpolation between order statistics at rank p/100 · (n - 1), the rule
// of numpy.percentile's default and R's type 7. NaN for an empty span. Sorts a copy.
double percentile_of(std::span<const double> samples, double p);
double median_of(std::span<const double> samples);
// The same rule on samples that are already ascending.
double percentile_of_sorted(std::span<const double> ascending, double p);

struct Interval {
  double low = 0;
  double high = 0;
};

enum class Statistic { mean, median };
// Percentile bootstrap: 95 % interval of the mean or median from `resamples` draws with
// replacement (Efron 1979). The same seed gives the same interval. {NaN, NaN} for no samples.
Interval bootstrap95(std::span<const double> samples, Statistic statistic, uint64_t seed = 1, int resamples = 2000);
// Wilson's score interval of a proportion at 95 % (z = 1.959964): 9 of 10 gives [0.596, 0.982].
// {0, 1} for no trials.
Interval wilson95(int64_t successes, int64_t trials);

// What every latency of Thimble is told as; microseconds by convention, but the unit is the caller's.
struct LatencySummary {
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double mean = 0;
  double stddev = 0;
  double min = 0;
  double max = 0;
  int64_t count = 0;
};
// All zero for no samples.
LatencySummary summarize(std::span<const double> samples);
// {"p50":…,"p90":…,"p99":…,"mean":…,"stddev":…,"min":…,"max":…,"count":…} as the writer's next value.
void write_json(JsonWriter& json, const LatencySummary& summary);

}  // namespace thimble
