// The fixed-point functions against their definitions in wider arithmetic, over edge values and a
// deterministic random sweep.
#include "base/fixed_point.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace thimble {
namespace {

constexpr int32_t kMin = std::numeric_limits<int32_t>::min(), kMax = std::numeric_limits<int32_t>::max();

std::vector<int32_t> edge_values() {
  std::vector<int32_t> values = {0, 1, -1, 2, -2, 3, -3, kMin, kMin + 1, kMax, kMax - 1, 127, -128, 1000003, -1000003};
  for (int bit = 2; bit < 31; ++bit) {
    for (const int32_t near : {-1, 0, 1}) {
      values.push_back((1 << bit) + near);
      values.push_back(-(1 << bit) + near);
    }
  }
  Random random(7);
  for (int i = 0; i < 200; ++i) values.push_back(static_cast<int32_t>(random.bits()));
  return values;
}

// x86-64's long double has 64 bits of mantissa: every quotient below is exact.
long double round_half_away(long double x) { return x < 0 ? -std::floor(-x + 0.5L) : std::floor(x + 0.5L); }

__extension__ using Wide = __int128;
// floor((2·n + d) / (2·d)) in exact integers: n / d with ties toward +∞ (d > 0).
int64_t divide_half_up(Wide n, Wide d) {
  const Wide top = 2 * n + d, bottom = 2 * d;
  Wide quotient = top / bottom;
  if (top % bottom < 0) --quotient;
  return static_cast<int64_t>(quotient);
}
int64_t divide_half_away(Wide n, Wide d) { return n < 0 ? -divide_half_up(-n, d) : divide_half_up(n, d); }

TEST(FixedPoint, DoublingHighMulIsTheRoundedProduct) {
  for (const int32_t a : edge_values()) {
    for (const int32_t b : edge_values()) {
      const int64_t expected = a == kMin && b == kMin ? kMax : divide_half_up(static_cast<Wide>(a) * b, Wide{1} << 31);
      ASSERT_EQ(saturating_rounding_doubling_high_mul(a, b), expected) << a << " " << b;
    }
  }
  for (int a = -32768; a <= 32767; a += 97) {
    for (const int b : {-32768, -32767, -129, -1, 0, 1, 77, 16384, 32767}) {
      const auto expected = a == -32768 && b == -32768 ? 32767 : divide_half_up(static_cast<Wide>(a) * b, 1 << 15);
      ASSERT_EQ(saturating_rounding_doubling_high_mul(static_cast<int16_t>(a), static_cast<int16_t>(b)), expected);
    }
  }
  EXPECT_EQ(saturating_rounding_doubling_high_mul(int16_t{-32768}, int16_t{-32768}), 32767);
}

TEST(FixedPoint, DivideByPowerOfTwoRoundsHalfAwayFromZero) {
  for (const int32_t x : edge_values()) {
    for (int e = 0; e <= 31; ++e) {
      ASSERT_EQ(rounding_divide_by_pot(x, e), divide_half_away(x, Wide{1} << e)) << x << " " << e;
      ASSERT_EQ(rounding_divide_by_pot(x, e), round_half_away(static_cast<long double>(x) / (1ll << e)));
    }
  }
  EXPECT_EQ(rounding_divide_by_pot(-49, 1), -25);
  EXPECT_EQ(rounding_divide_by_pot(49, 1), 25);
}

TEST(FixedPoint, MultiplyByPowerOfTwoSaturates) {
  for (const int32_t x : edge_values()) {
    for (int e = -31; e <= 31; ++e) {
      const Wide expected = e >= 0 ? static_cast<Wide>(x) * (Wide{1} << e) : divide_half_away(x, Wide{1} << -e);
      ASSERT_EQ(thimble_multiply_by_power(x, e), std::clamp<Wide>(expected, kMin, kMax)) << x << " " << e;
    }
  }
}

TEST(FixedPoint, RequantisationRoundsTwice) {
  for (const int32_t x : edge_values()) {
    for (const int32_t m : {1 << 30, (1 << 30) + 1, 1'518'500'250, kMax - 1, kMax}) {
      for (int shift = -31; shift <= 30; ++shift) {
        const int left = std::max(shift, 0), right = std::max(-shift, 0);
        // The left shift keeps the low 32 bits, as TFLite's int32 product does.
        const auto shifted = static_cast<int32_t>(static_cast<uint64_t>(static_cast<int64_t>(x)) << left);
        const int64_t high = divide_half_up(static_cast<Wide>(shifted) * m, Wide{1} << 31);
        ASSERT_EQ(multiply_by_quantized_multiplier(x, m, shift), divide_half_away(high, Wide{1} << right))
            << x << " " << m << " " << shift;
      }
    }
  }
  // Where one rounding would give another answer: 5 · 0.5 · 0.5 = 1.25 → 1, but 5 · 0.5 = 2.5 → 3, 3 / 2 → 2.
  EXPECT_EQ(multiply_by_quantized_multiplier(5, 1 << 30, -1), 2);
  EXPECT_EQ(multiply_by_quantized_multiplier(1, 1 << 30, 40), 0);  // nothing left of 1 << 40, no undefined shift
}

TEST(FixedPoint, QuantizeMultiplierGivesTheNearest31Bits) {
  Random random(3);
  for (int i = 0; i < 20000; ++i) {
    const double real = std::ldexp(random.uniform(0.5, 1.0), static_cast<int>(random.below(60)) - 30);
    int32_t m = 0;
    int shift = 0;
    quantize_multiplier(real, &m, &shift);
    ASSERT_GE(m, 1 << 30);
    ASSERT_NEAR(std::ldexp(static_cast<double>(m), shift - 31) / real, 1.0, 0x1p-31);
  }
}

TEST(FixedPoint, QuantizeMultiplierEdges) {
  const auto check = [](double real, int32_t multiplier, int shift) {
    int32_t m = -1;
    int s = -99;
    quantize_multiplier(real, &m, &s);
    EXPECT_EQ(m, multiplier) << real;
    EXPECT_EQ(s, shift) << real;
  };
  check(0.0, 0, 0);
  check(1.0, 1 << 30, 1);
  check(0.5, 1 << 30, 0);
  check(0.25, 1 << 30, -1);
  check(std::nextafter(1.0, 0.0), 1 << 30, 1);  // 31 bits round up to 2^31: halved, shift raised
  check(1.0 - 0x1p-31, kMax, 0);
  check(1.0 - 0x1p-32, 1 << 30, 1);           // the tie rounds away
  check(std::ldexp(0.5, -31), 1 << 30, -31);  // 2^-32: the smallest that stays
  check(std::ldexp(0.75, -32), 0, 0);
  check(-1.0, 0, 0);
  check(std::numeric_limits<double>::infinity(), 0, 0);
  check(std::numeric_limits<double>::quiet_NaN(), 0, 0);
}

}  // namespace
}  // namespace thimble
