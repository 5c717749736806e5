// Contract of the reductions: the order of 16 virtual lanes to the bit, for every length; softmax
// against double.
#include "kernels/reduce.h"

#include <algorithm>

#include "kernels/f32_test_util.h"

namespace thimble {
namespace {

using namespace f32_test;

class Reduce : public TableTest {};

// The definition: lane l takes l, l + 16, …; lanes are added 8, 4, 2, 1 apart.
float lanes_of(const std::vector<float>& x, const std::vector<float>* y) {
  float lanes[16] = {};
  for (size_t i = 0; i < x.size(); ++i) {
    float& lane = lanes[i % 16];
    lane = y == nullptr ? lane + x[i] : std::fma(x[i], (*y)[i], lane);
  }
  for (int width = 8; width > 0; width /= 2) {
    for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
  }
  return lanes[0];
}

TEST_P(Reduce, SumsInSixteenLanes) {
  for (int64_t n = 0; n <= 100; ++n) {
    const std::vector<float> x = normal_values(random, n), y = normal_values(random, n);
    EXPECT_TRUE(same_bits(table().reduce.sum_f32(x.data(), n), lanes_of(x, nullptr))) << n;
    EXPECT_TRUE(same_bits(table().reduce.dot_f32(x.data(), y.data(), n), lanes_of(x, &y))) << n;
  }
}

TEST_P(Reduce, Extremes) {
  for (int64_t n = 1; n <= 70; ++n) {
    std::vector<float> x = normal_values(random, n);
    if (n % 2 == 0)
      for (float& v : x) v = -std::abs(v);
    float top = x[0], bottom = x[0];
    for (float v : x) top = std::max(top, v), bottom = std::min(bottom, v);
    EXPECT_EQ(table().reduce.max_f32(x.data(), n), top);
    EXPECT_EQ(table().reduce.min_f32(x.data(), n), bottom);
    EXPECT_TRUE(table().reduce.all_finite_f32(x.data(), n));
    float& any = x[static_cast<size_t>(pick(random, 0, static_cast<int>(n) - 1))];
    any = n % 3 == 0 ? INFINITY : NAN;
    EXPECT_FALSE(table().reduce.all_finite_f32(x.data(), n));
    if (n % 3 == 0) {
      EXPECT_EQ(table().reduce.max_f32(x.data(), n), INFINITY);
    } else {
      EXPECT_TRUE(std::isnan(table().reduce.max_f32(x.data(), n)));
      EXPECT_TRUE(std::isnan(table().reduce.min_f32(x.data(), n)));
    }
  }
  EXPECT_EQ(table().reduce.max_f32(nullptr, 0), -INFINITY);
  EXPECT_EQ(table().reduce.min_f32(nullptr, 0), INFINITY);
}

TEST_P(Reduce, RowsInOrder) {
  for (int64_t n = 1; n <= 40; ++n) {
    const int64_t rows = pick(random, 0, 50), ldx = n + pick(random, 0, 3);
    const std::vector<float> x = normal_values(random, rows * ldx);
    std::vector<float> sum = normal_values(random, n), expected = sum;
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t j = 0; j < n; ++j) expected[j] += x[m * ldx + j];
    table().reduce.sum_rows_f32(x.data(), rows, n, ldx, sum.data());
    EXPECT_EQ(first_difference(expected, sum), -1);
  }
}

TEST_P(Reduce, Softmax) {
  for (int64_t n = 1; n <= 70; ++n) {
    std::vector<float> x = normal_values(random, 3 * n);
    for (float& v : x) v *= 10;
    const float beta = n % 2 == 0 ? 1.0f : 0.5f;
    std::vector<float> y(x.size()), log_y(x.size()), scalar(x.size());
    table().reduce.softmax_f32(x.data(), y.data(), 3, n, beta);
    table().reduce.log_softmax_f32(x.data(), log_y.data(), 3, n);
    for (int64_t row = 0; row < 3; ++row) {
      double sum = 0, log_sum = 0;
      const float* r = x.data() + row * n;
      const float top = *std::max_element(r, r + n);
      for (int64_t i = 0; i < n; ++i) {
        sum += std::exp(double{beta} * (r[i] - top));
        log_sum += std::exp(double{r[i]} - top);
      }
      for (int64_t i = 0; i < n; ++i) {
        const double p = std::exp(double{beta} * (r[i] - top)) / sum;
        EXPECT_NEAR(y[row * n + i], p, 2e-6 * p + 1e-44);
        EXPECT_NEAR(log_y[row * n + i], double{r[i]} - top - std::log(log_sum), 1e-5);
      }
    }
    const KernelTable& first = *available_kernels()[0];
    first.reduce.softmax_f32(x.data(), scalar.data(), 3, n, beta);
    EXPECT_EQ(first_difference(scalar, y), -1);
    first.reduce.log_softmax_f32(x.data(), scalar.data(), 3, n);
    EXPECT_EQ(first_difference(scalar, log_y), -1);
    table().reduce.softmax_f32(x.data(), x.data(), 3, n, beta);  // in place
    EXPECT_EQ(first_difference(x, y), -1);
  }
}

TEST_P(Reduce, SoftmaxOfHugeAndNan) {
  std::vector<float> x = {3e38f, -3e38f, 0, 3e38f}, y(4);
  table().reduce.softmax_f32(x.data(), y.data(), 1, 4, 1.0f);
  EXPECT_EQ(y, (std::vector<float>{0.5f, 0, 0, 0.5f}));
  x[2] = NAN;
  table().reduce.softmax_f32(x.data(), y.data(), 1, 4, 1.0f);
  for (float v : y) EXPECT_TRUE(std::isnan(v));
}

THIMBLE_EVERY_TABLE(Reduce);

}  // namespace
}  // namespace thimble
