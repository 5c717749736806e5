// What the float32 contract tests share: random data, distances in ULP, and runs per table.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace thimble::f32_test {

using Random = std::mt19937;

inline int pick(Random& random, int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); }

inline std::vector<float> normal_values(Random& random, int64_t n) {
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<size_t>(n));
  for (float& v : x) v = normal(random);
  return x;
}

// Distance in steps of the float grid, 0 for two NaNs, huge for one. +0 and −0 are one apart where
// `strict_zero`.
inline double ulp_distance(float got, double expected) {
  if (std::isnan(expected)) return std::isnan(got) ? 0.0 : 1e9;
  if (std::isnan(got)) return 1e9;
  const float nearest = static_cast<float>(expected);
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0.0 : 1e9;
  const double unit = std::ldexp(1.0, std::max(nearest == 0 ? -149 : std::ilogb(nearest) - 23, -149));
  return std::abs(static_cast<double>(got) - expected) / unit;
}

inline bool same_bits(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

// First index where two runs differ in bits, −1 where none does.
inline int64_t first_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!same_bits(a[i], b[i])) return static_cast<int64_t>(i);
  }
  return -1;
}

inline std::string isa_label(const testing::TestParamInfo<const KernelTable*>& table) {
  return thimble::name(table.param->isa);
}

// A contract test over every table of this machine.
class TableTest : public testing::TestWithParam<const KernelTable*> {
 protected:
  const KernelTable& table() const { return *GetParam(); }
  Random random{20240611};
};

#define THIMBLE_EVERY_TABLE(suite)                                                                                \
  INSTANTIATE_TEST_SUITE_P(Isa, suite, testing::ValuesIn(available_kernels().begin(), available_kernels().end()), \
                           isa_label)

}  // namespace thimble::f32_test
