#include "measure/regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace thimble {
namespace {

TEST(Regression, ScoresOfKnownErrors) {
  const std::vector<float> truth{1, 2, 3, 6}, said{1, 2.5f, 2, 8};  // errors 0, 0.5, -1, 2
  const RegressionScore s = regression_score(said, truth, 1);
  EXPECT_DOUBLE_EQ(s.mse, 5.25 / 4);
  EXPECT_DOUBLE_EQ(s.rmse, std::sqrt(5.25 / 4));
  EXPECT_DOUBLE_EQ(s.mae, 3.5 / 4);
  EXPECT_DOUBLE_EQ(s.max_error, 2);
  EXPECT_DOUBLE_EQ(s.r2, 1 - 5.25 / 14);  // mean 3, spread 4 + 1 + 0 + 9
}

TEST(Regression, ColumnsHaveTheirOwnMean) {
  const std::vector<float> truth{0, 100, 2, 102}, said{1, 101, 1, 101};  // as good as the column means
  EXPECT_DOUBLE_EQ(regression_score(said, truth, 2).r2, 0);
  EXPECT_GT(regression_score(said, truth, 1).r2, 0.99);
}

TEST(Regression, NothingAndConstantTruth) {
  EXPECT_FALSE(regression_score({}, {}, 1).present());
  const std::vector<float> truth{4, 4}, said{4, 5};
  const RegressionScore s = regression_score(said, truth, 1);
  EXPECT_DOUBLE_EQ(s.mse, 0.5);
  EXPECT_TRUE(std::isnan(s.r2));
}

}  // namespace
}  // namespace thimble
