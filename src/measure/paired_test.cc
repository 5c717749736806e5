// Tests in pairs against values of SciPy and R.
#include "measure/paired.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace thimble {
namespace {

TEST(Paired, McNemarIsTheExactBinomial) {
  EXPECT_DOUBLE_EQ(mcnemar_p(0, 0), 1);
  EXPECT_NEAR(mcnemar_p(6, 0), 0.03125, 1e-12);  // 2 / 2^6
  EXPECT_NEAR(mcnemar_p(0, 5), 0.0625, 1e-12);
  EXPECT_NEAR(mcnemar_p(10, 3), 0.09228515625, 1e-12);  // scipy.stats.binomtest(3, 13).pvalue
  EXPECT_DOUBLE_EQ(mcnemar_p(7, 7), 1);
  EXPECT_NEAR(mcnemar_p(620, 500), 0.00037713, 1e-6);  // chi-squared (119² / 1120), one degree of freedom
  EXPECT_NEAR(mcnemar_p(520, 480), 0.2174, 1e-3);      // exact; by chi-squared 0.2175
}

TEST(Paired, BootstrapSeesASmallShiftInPairsAndNoneInNoise) {
  Random random(3);
  std::vector<double> noise, shifted;
  for (int i = 0; i < 400; ++i) {
    noise.push_back(random.normal());
    shifted.push_back(noise.back() + 0.2);
  }
  EXPECT_GT(paired_bootstrap_p(noise), 0.05);
  EXPECT_LT(paired_bootstrap_p(shifted), 0.01);
  EXPECT_EQ(paired_bootstrap_p(shifted), paired_bootstrap_p(shifted));
  EXPECT_EQ(paired_bootstrap_p({}), 1);
  EXPECT_EQ(paired_bootstrap_p(std::vector<double>(50, 0.0)), 1);
}

}  // namespace
}  // namespace thimble
