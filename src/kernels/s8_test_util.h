// What the int8 contract tests share: a definition of the requantisation written from gemmlowp's
// description in 64-bit arithmetic (not from the kernels), random fills, and random requantisation
// parameters that reach every branch.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace thimble::s8_test {

inline int32_t wrap(int64_t v) { return static_cast<int32_t>(static_cast<uint64_t>(v)); }

// SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT, as gemmlowp words them.
inline int32_t expected_requant(int32_t acc, int32_t multiplier, int32_t shift) {
  const int32_t a = wrap(static_cast<int64_t>(acc) * (int64_t{1} << std::max(shift, 0)));
  int32_t high;
  if (a == multiplier && a == std::numeric_limits<int32_t>::min()) {
    high = std::numeric_limits<int32_t>::max();
  } else {
    const int64_t product = static_cast<int64_t>(a) * multiplier;
    const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
    high = static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));  // truncates
  }
  const int exponent = std::max(-shift, 0);
  // Nearest integer of high / 2^exponent, halves away from zero.
  const int64_t magnitude = std::llabs(static_cast<int64_t>(high));
  const int64_t rounded = (magnitude + (exponent > 0 ? int64_t{1} << (exponent - 1) : 0)) >> exponent;
  return static_cast<int32_t>(high < 0 ? -rounded : rounded);
}

inline uint8_t expected_byte(int64_t acc, const RequantArgs& r, int64_t j) {
  const int32_t v = wrap(int64_t{expected_requant(wrap(acc), r.multiplier[j], r.shift[j])} + r.zero_point);
  return static_cast<uint8_t>(std::clamp(v, r.lo, r.hi) ^ r.flip);
}

// The same where RequantArgs::scale is given. std::round takes halves away from zero.
inline uint8_t expected_byte_in_double(int64_t acc, const RequantArgs& r, int64_t j) {
  const double y = std::round(static_cast<double>(wrap(acc)) * r.scale[j]) + r.zero_point;
  return static_cast<uint8_t>(static_cast<int32_t>(std::clamp<double>(y, r.lo, r.hi)) ^ r.flip);
}

using Random = std::mt19937;

inline int pick(Random& random, int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); }

// What the bytes of a test look like.
enum class Fill { random, lowest, highest, zero };

template <class T>
void fill_bytes(Random& random, Fill fill, T* x, int64_t n) {
  using Limits = std::numeric_limits<T>;
  for (int64_t i = 0; i < n; ++i) {
    x[i] = fill == Fill::lowest    ? Limits::min()
           : fill == Fill::highest ? Limits::max()
           : fill == Fill::zero    ? T{0}
                                   : static_cast<T>(pick(random, Limits::min(), Limits::max()));
  }
}

struct RequantData {
  std::vector<int32_t> multiplier, shift;

  // Ordinary parameters bring sums of about `typical` into the byte range; wild ones take any
  // multiplier, negative ones and the extremes too, with shifts −31 … 8, or −22 … −1.
  RequantData(Random& random, int64_t n, bool wild, double typical) {
    const bool only_right = pick(random, 0, 1) != 0;
    for (int64_t j = 0; j < n; ++j) {
      if (wild) {
        const int32_t extremes[] = {
            std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(), 0, 1, -1, 1 << 30};
        multiplier.push_back(pick(random, 0, 1) != 0 ? extremes[pick(random, 0, 5)] : static_cast<int32_t>(random()));
        shift.push_back(only_right ? pick(random, -22, -1) : pick(random, -31, 8));
      } else {
        int exponent = 0;
        std::frexp(128.0 / typical, &exponent);
        multiplier.push_back(pick(random, 1 << 30, std::numeric_limits<int32_t>::max()));
        shift.push_back(std::clamp(exponent + pick(random, -1, 1), -31, 8));
      }
    }
  }

  RequantArgs args(Random& random, bool is_unsigned) const {
    RequantArgs r;
    r.multiplier = multiplier.data();
    r.shift = shift.data();
    r.lo = is_unsigned ? 0 : -128;
    r.hi = is_unsigned ? 255 : 127;
    r.zero_point = pick(random, r.lo, r.hi);
    if (pick(random, 0, 2) == 0) r.lo = r.zero_point;  // a fused relu
    if (pick(random, 0, 3) == 0) r.hi = pick(random, r.lo, r.hi);
    r.flip = pick(random, 0, 1) != 0 ? 0x80 : 0;
    return r;
  }
};

// Names a parameterised test after its instruction set.
inline std::string isa_label(const testing::TestParamInfo<const KernelTable*>& table) {
  return thimble::name(table.param->isa);
}

}  // namespace thimble::s8_test
