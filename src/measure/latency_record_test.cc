// Bounded records of latencies against the same figures from all samples.
#include "measure/latency_record.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace thimble {
namespace {

std::vector<double> skewed(size_t count) {  // log-normal-like, with a tail of interrupted runs
  Random random(7, 1);
  std::vector<double> samples(count);
  for (double& s : samples) s = 0.1 * std::exp2(random.uniform() * 0.4) * (random.below(500) == 0 ? 40 : 1);
  return samples;
}

TEST(LatencyRecord, FewReadingsAreExact) {
  const std::vector<double> samples = skewed(5000);
  LatencyRecord record;
  for (double s : samples) record.add(s);
  const LatencySummary all = summarize(samples), s = record.summary();
  EXPECT_DOUBLE_EQ(s.p50, all.p50);
  EXPECT_DOUBLE_EQ(s.p99, all.p99);
  EXPECT_NEAR(s.mean, all.mean, 1e-12);
  EXPECT_NEAR(s.stddev, all.stddev, 1e-9);
  EXPECT_EQ(s.count, 5000);
  EXPECT_EQ(record.first(), samples.front());
  EXPECT_EQ(record.last(), samples.back());
}

TEST(LatencyRecord, ManyReadingsStayWithinAThousandth) {
  const std::vector<double> samples = skewed(200'000);
  LatencyRecord record;
  for (double s : samples) record.add(s);
  const LatencySummary all = summarize(samples), s = record.summary();
  for (double p : {0.0, 5.0, 50.0, 90.0, 99.0, 99.99, 100.0})
    EXPECT_NEAR(record.percentile(p) / percentile_of(samples, p), 1, 1.001e-3) << p;
  EXPECT_EQ(s.min, all.min);
  EXPECT_EQ(s.max, all.max);
  EXPECT_NEAR(s.mean / all.mean, 1, 1e-9);
  EXPECT_NEAR(s.stddev / all.stddev, 1, 1e-6);
}

TEST(LatencyRecord, IntervalOfTheMedianHoldsItNineteenTimesOfTwenty) {
  Random random(3, 2);
  int held = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    LatencyRecord record;
    for (int i = 0; i < 101; ++i) record.add(random.uniform());
    const Interval interval = record.median95();
    held += interval.low <= 0.5 && 0.5 <= interval.high;
  }
  EXPECT_GE(held, 935);
  EXPECT_LE(held, 985);
  LatencyRecord one;
  EXPECT_TRUE(std::isnan(one.median95().low));
  one.add(3);
  EXPECT_EQ(one.median95().low, 3);
  EXPECT_EQ(one.median95().high, 3);
}

TEST(LatencyRecord, ReadingsOfSeveralRunsCountThem) {
  LatencyRecord record;
  record.add(2, 10);
  record.add(5, 5);
  EXPECT_EQ(record.summary().count, 15);
  EXPECT_DOUBLE_EQ(record.summary().mean, 3);
  EXPECT_EQ(record.readings(), 2);
}

}  // namespace
}  // namespace thimble
