#include "micro/weighted.h"

#include <gtest/gtest.h>

namespace thimble::micro {
namespace {

TEST(Weighted, PairsTakeTurnsAndAreFilledUp) {
  const std::vector<int8_t> w = {1, 2, 3, 4, 5, 6, 7, 8, 9};  // 3 rows of 3
  std::vector<int8_t> expected = {1, 4, 2, 5, 3, 6, 0, 0, 7, 0, 8, 0, 9, 0, 0, 0};
  expected.resize(expected.size() + 24);  // 16 weights of two rows can be read from each place
  EXPECT_EQ(paired_weights(w, 3, 3), expected);
}

class Plain : public testing::Test {
 protected:
  bool make(int32_t bias, int64_t reach) {
    facts_ = {{bias}, {bias + 1000}, {reach}};
    return make_plain({0, -128, 127, &multiplier_, &shift_}, facts_);
  }
  int32_t multiplier_ = 1 << 30;
  int8_t shift_ = -3;
  LayerFacts facts_;
};

TEST_F(Plain, BiasesThatFitStay) {
  EXPECT_TRUE(make(-5000, 1 << 20));
  EXPECT_EQ(facts_.bias[0], -5000);
  EXPECT_EQ(facts_.folded[0], -4000);
}

TEST_F(Plain, OutputsThatDoNotDependOnXGetSmallerBiases) {
  EXPECT_TRUE(make((1 << 30) + 128, 100));  // clamped, whatever x is
  EXPECT_EQ(facts_.bias[0], (1 << 30) - 101);
  EXPECT_EQ(facts_.folded[0], (1 << 30) + 899);  // less the same
  shift_ = -27;                                  // 4 everywhere
  EXPECT_TRUE(make(1 << 30, 100));
}

TEST_F(Plain, OutputsThatDependOnXKeepTheirs) {
  shift_ = -24;
  EXPECT_FALSE(make((1 << 30) + (1 << 23), 1 << 25));
  shift_ = -3;
  EXPECT_FALSE(make(INT32_MAX, 1 << 20));  // sums wrap
}

TEST_F(Plain, LeftShiftsAndNegativeMultipliersAreNot) {
  shift_ = 0;
  EXPECT_FALSE(make(0, 1));
  shift_ = -1;
  multiplier_ = -5;
  EXPECT_FALSE(make(0, 1));
  EXPECT_FALSE(make_plain({0, -128, 127, &multiplier_, &shift_}, facts_ = {})) << "no facts";
}

}  // namespace
}  // namespace thimble::micro
