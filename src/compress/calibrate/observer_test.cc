#include "compress/calibrate/observer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace thimble {
namespace {

std::vector<float> normal_values(int n) {
  Random random(5);
  std::vector<float> values;
  for (int i = 0; i < n; ++i) values.push_back(static_cast<float>(random.normal()));
  return values;
}

Observer watched(std::span<const float> values) {
  Observer observer;
  observer.see(values.first(values.size() / 2));
  observer.see(values.subspan(values.size() / 2));
  observer.start_histogram();
  observer.see(values);
  return observer;
}

TEST(Observer, MinMaxOverSeveralRuns) {
  const std::vector<float> values{-1, 2, 5, -3};
  const Observer o = watched(values);
  EXPECT_EQ(o.range(Calibration::minmax, 0), (ValueRange{-3, 5}));
  EXPECT_TRUE(o.seen());
  EXPECT_FALSE(o.non_finite());
}

TEST(Observer, RemembersNonFiniteValues) {
  Observer o;
  const std::vector<float> values{1, NAN, 2}, more{INFINITY};
  o.see(values);
  EXPECT_TRUE(o.non_finite());
  Observer p;
  p.see(more);
  EXPECT_TRUE(p.non_finite());
}

TEST(Observer, PercentileCutsOutliersOnly) {
  auto values = normal_values(100000);
  values.push_back(1000);
  const ValueRange r = watched(values).range(Calibration::percentile, 99.9);
  // The extremes of the bins: 1000 wide, 2048 bins.
  EXPECT_NEAR(r.max, 3.09, 0.6);
  const auto plain = normal_values(100000);
  const ValueRange q = watched(plain).range(Calibration::percentile, 97.725);  // two standard deviations
  EXPECT_NEAR(q.min, -2, 0.03);
  EXPECT_NEAR(q.max, 2, 0.03);
  const ValueRange all = watched(plain).range(Calibration::percentile, 100);
  EXPECT_EQ(all, watched(plain).extremes());
}

TEST(Observer, MseClipsALoneOutlierAndKeepsUniformValues) {
  auto values = normal_values(200000);
  values.push_back(50);
  const ValueRange r = watched(values).range(Calibration::mse, 0);
  EXPECT_LT(r.max, 45);  // one value in 200,000: its own error weighs more below about 39
  EXPECT_GT(r.max, 2);
  std::vector<float> uniform;
  for (int i = 0; i <= 10000; ++i) uniform.push_back(static_cast<float>(i) / 10000);
  const ValueRange u = watched(uniform).range(Calibration::mse, 0);
  EXPECT_EQ(u.min, 0);
  EXPECT_GT(u.max, 0.98f);
}

TEST(Observer, EntropyCutsOutliersAndKeepsUniformValues) {
  auto values = normal_values(200000);
  values.push_back(50);
  const ValueRange r = watched(values).range(Calibration::entropy, 0);
  EXPECT_LT(r.max, 12);  // nearly all of the distribution, not the one value far away
  EXPECT_GT(r.max, 2);
  EXPECT_LT(r.min, -2);
  std::vector<float> uniform;
  for (int i = 0; i <= 10000; ++i) uniform.push_back(static_cast<float>(i) / 10000);
  const ValueRange u = watched(uniform).range(Calibration::entropy, 0);
  EXPECT_EQ(u.min, 0);
  EXPECT_GT(u.max, 0.98f);
}

TEST(Observer, ConstantValues) {
  const std::vector<float> values(10, 0.25f);
  for (Calibration c : {Calibration::minmax, Calibration::percentile, Calibration::mse, Calibration::entropy})
    EXPECT_EQ(watched(values).range(c, 99), (ValueRange{0.25f, 0.25f}));
}

}  // namespace
}  // namespace thimble
