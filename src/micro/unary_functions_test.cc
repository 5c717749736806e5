// What stands in for expm1f, log1pf and erfcf where a library has none, held to double.
#include <cmath>

#include <gtest/gtest.h>

#include "ops/unary/kernel.h"

namespace thimble::micro {
namespace {

// Units of 2^−23 of the true value.
double units(double got, double wanted) { return std::fabs(got / wanted - 1) * 0x1p23; }

TEST(UnaryFunctions, Expm1) {
  for (float x = -30; x < 0; x *= 0.999f) {
    if (x > -1e-30f) break;
    ASSERT_LT(units(thimble_expm1(x), std::expm1(double{x})), 3.5) << x;
  }
  EXPECT_EQ(thimble_expm1(-INFINITY), -1);
  EXPECT_EQ(thimble_expm1(0), 0);
  EXPECT_TRUE(std::isnan(thimble_expm1(NAN)));
}

TEST(UnaryFunctions, Log1p) {
  for (float x = 1; x > 1e-30f; x *= 0.999f) ASSERT_LT(units(thimble_log1p(x), std::log1p(double{x})), 3) << x;
  EXPECT_EQ(thimble_log1p(0), 0);
  EXPECT_TRUE(std::isnan(thimble_log1p(NAN)));
}

TEST(UnaryFunctions, GeluByErfc) {
  for (float x = -12; x < 12; x += 0.0007f) {
    if (x == 0) continue;
    const double wanted = 0.5 * x * std::erfc(x * -std::sqrt(0.5));
    if (std::fabs(wanted) < 1e-36) continue;
    ASSERT_LT(units(0.5f * x * thimble_erfc(x * -0.7071067812f), wanted), 4 + 2 * x * x) << x;
  }
  EXPECT_EQ(thimble_erfc(INFINITY), 0);
  EXPECT_EQ(thimble_erfc(-INFINITY), 2);
  EXPECT_TRUE(std::isnan(thimble_erfc(NAN)));
}

}  // namespace
}  // namespace thimble::micro
