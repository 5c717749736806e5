// Statistics against values computed by hand or known from the literature.
#include "measure/stats.h"

#include <cmath>

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(Stats, Moments) {
  const std::vector<double> x = {2, 4, 4, 4, 5, 5, 7, 9};
  EXPECT_DOUBLE_EQ(mean_of(x), 5);
  EXPECT_DOUBLE_EQ(stddev_of(x), std::sqrt(32.0 / 7.0));
  EXPECT_TRUE(std::isnan(mean_of({})));
  const std::vector<double> one = {3};
  EXPECT_EQ(stddev_of(one), 0);
}

TEST(Stats, PercentilesInterpolateLikeNumpy) {
  const std::vector<double> x = {40, 10, 30, 20};  // numpy.percentile([10,20,30,40], …)
  EXPECT_DOUBLE_EQ(percentile_of(x, 0), 10);
  EXPECT_DOUBLE_EQ(percentile_of(x, 25), 17.5);
  EXPECT_DOUBLE_EQ(percentile_of(x, 50), 25);
  EXPECT_DOUBLE_EQ(percentile_of(x, 90), 37);
  EXPECT_NEAR(percentile_of(x, 99), 39.7, 1e-12);
  EXPECT_DOUBLE_EQ(percentile_of(x, 100), 40);
  EXPECT_DOUBLE_EQ(percentile_of(x, 250), 40);
  EXPECT_DOUBLE_EQ(median_of(x), 25);
  const std::vector<double> odd = {3, 1, 2};
  EXPECT_DOUBLE_EQ(median_of(odd), 2);
  EXPECT_TRUE(std::isnan(percentile_of({}, 50)));
}

TEST(Stats, WilsonKnownValues) {
  const Interval i = wilson95(9, 10);
  EXPECT_NEAR(i.low, 0.5958, 5e-5);
  EXPECT_NEAR(i.high, 0.9821, 5e-5);
  const Interval none = wilson95(0, 10);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.2775, 5e-5);
  const Interval all = wilson95(10, 10);
  EXPECT_NEAR(all.low, 0.7225, 5e-5);
  EXPECT_DOUBLE_EQ(all.high, 1);
  EXPECT_EQ(wilson95(0, 0).low, 0);
  EXPECT_EQ(wilson95(0, 0).high, 1);
}

TEST(Stats, BootstrapIsSeededAndSensible) {
  std::vector<double> x;
  for (int i = 0; i < 100; ++i) x.push_back(i);
  const Interval a = bootstrap95(x, Statistic::mean, 7), b = bootstrap95(x, Statistic::mean, 7);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  // The mean's standard error is 29.01 / 10: the interval is about 49.5 ± 1.96 · 2.9.
  EXPECT_NEAR(a.low, 49.5 - 5.69, 0.8);
  EXPECT_NEAR(a.high, 49.5 + 5.69, 0.8);
  const Interval m = bootstrap95(x, Statistic::median, 7);
  EXPECT_LT(m.low, 49.5);
  EXPECT_GT(m.high, 49.5);
  EXPECT_LT(m.high - m.low, 30);
  const std::vector<double> same(10, 4.0);
  EXPECT_EQ(bootstrap95(same, Statistic::median).low, 4);
  EXPECT_EQ(bootstrap95(same, Statistic::median).high, 4);
  EXPECT_TRUE(std::isnan(bootstrap95({}, Statistic::mean).low));
}

TEST(Stats, SummaryAndItsJson) {
  std::vector<double> x;
  for (int i = 100; i >= 0; --i) x.push_back(i);
  const LatencySummary s = summarize(x);
  EXPECT_EQ(s.p50, 50);
  EXPECT_EQ(s.p90, 90);
  EXPECT_EQ(s.p99, 99);
  EXPECT_EQ(s.min, 0);
  EXPECT_EQ(s.max, 100);
  EXPECT_EQ(s.count, 101);
  JsonWriter json;
  const std::vector<double> two = {1, 3};
  write_json(json, summarize(two));
  EXPECT_EQ(json.text(),
            R"({"p50":2,"p90":2.8,"p99":2.98,"mean":2,"stddev":1.4142135623730951,"min":1,"max":3,"count":2})");
  EXPECT_EQ(summarize({}).count, 0);
}

}  // namespace
}  // namespace thimble
