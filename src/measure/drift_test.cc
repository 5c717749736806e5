#include "measure/drift.h"

#include <vector>

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(Drift, SaysWhatBecameSlower) {
  std::vector<double> hot, even, noisy;
  for (int i = 0; i < 30; ++i) {
    hot.push_back(100 + 2.0 * i + i % 3);
    even.push_back(100 + i % 5);
    noisy.push_back(100 + 40 * (i % 2) + 0.5 * i);  // the rise is less than the scatter
  }
  EXPECT_NEAR(drift_of(hot), 0.37, 0.02);
  EXPECT_EQ(drift_of(even), 0);
  EXPECT_EQ(drift_of(noisy), 0);
  EXPECT_NE(drift_note("int8", hot).find("int8: the last trials took 3"), std::string::npos) << drift_note("int8", hot);
  EXPECT_EQ(drift_note("int8", even), "");
  const std::vector<double> cooled(hot.rbegin(), hot.rend());
  EXPECT_LT(drift_of(cooled), -0.2);
  EXPECT_NE(drift_note("x", cooled).find("less time"), std::string::npos);
  EXPECT_EQ(drift_of(std::vector<double>{1, 1, 1, 9, 9}), 0);  // too few to say
  EXPECT_EQ(drift_of({}), 0);
}

}  // namespace
}  // namespace thimble
