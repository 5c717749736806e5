#include "base/range_coder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace thimble {
namespace {

constexpr int64_t kEnough = int64_t{1} << 40;

// Random decisions of random probabilities, some extreme, come back, in as many bytes as they are worth.
TEST(RangeCoder, WhatIsWrittenIsRead) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto n = static_cast<size_t>(random_bits(seed, 0, 0) % 5000);
    std::vector<uint32_t> p(n);
    std::vector<bool> bits(n);
    double worth = 0;
    for (size_t i = 0; i < n; ++i) {
      const uint64_t word = random_bits(seed, 1, i);
      p[i] = word % 7 == 0 ? 1 : word % 7 == 1 ? 65535 : 1 + static_cast<uint32_t>((word >> 8) % 65535);
      bits[i] = (word >> 32) % 65536 < p[i];
      worth -= std::log2((bits[i] ? p[i] : 65536 - p[i]) / 65536.0);
    }
    BitCoder writer = BitCoder::writer(), measure = BitCoder::measurer();
    for (size_t i = 0; i < n; ++i) {
      writer.bit(bits[i], p[i]);
      measure.bit(bits[i], p[i]);
    }
    EXPECT_NEAR(writer.bits(), worth, 0.001 * worth + 1);
    EXPECT_NEAR(measure.bits(), worth, 0.003 * worth + 1);
    const std::vector<uint8_t> bytes = writer.finish();
    EXPECT_LE(static_cast<double>(bytes.size()), worth * 1.0001 / 8 + 2);
    BitCoder reader = BitCoder::reader(bytes, kEnough);
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(reader.bit(false, p[i]), bits[i]) << seed << " " << i;
    EXPECT_FALSE(reader.failed());
    EXPECT_TRUE(reader.at_end());
  }
}

TEST(RangeCoder, CertainDecisionsTakeNothing) {
  BitCoder writer = BitCoder::writer();
  for (int i = 0; i < 1000; ++i) writer.bit(true, 65535);
  EXPECT_LE(writer.finish().size(), 1u);
}

TEST(RangeCoder, WholeNumbersComeBack) {
  BitCoder writer = BitCoder::writer();
  for (uint64_t i = 0; i < 100; ++i) writer.even_bits(random_bits(1, 2, i), static_cast<int>(i % 65));
  const std::vector<uint8_t> bytes = writer.finish();
  BitCoder reader = BitCoder::reader(bytes, kEnough);
  for (uint64_t i = 0; i < 100; ++i) {
    const int count = static_cast<int>(i % 65);
    const uint64_t mask = count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
    EXPECT_EQ(reader.even_bits(0, count), random_bits(1, 2, i) & mask);
  }
}

TEST(RangeCoder, ReadingPastTheEndFails) {
  BitCoder reader = BitCoder::reader({}, kEnough);
  EXPECT_FALSE(reader.failed());
  reader.even_bits(0, 64);
  EXPECT_TRUE(reader.failed());
}

TEST(RangeCoder, ReadingPastTheBudgetFails) {
  const std::vector<uint8_t> bytes(100, 0x55);
  BitCoder reader = BitCoder::reader(bytes, 10);
  for (int i = 0; i < 10; ++i) reader.even(false);
  EXPECT_FALSE(reader.failed());
  reader.even(false);
  EXPECT_TRUE(reader.failed());
}

TEST(RangeCoder, LeftOverBytesAreSeen) {
  BitCoder writer = BitCoder::writer();
  writer.even_bits(0x1234, 16);
  std::vector<uint8_t> bytes = writer.finish();
  bytes.resize(20, 1);
  BitCoder reader = BitCoder::reader(bytes, kEnough);
  reader.even_bits(0, 16);
  EXPECT_FALSE(reader.at_end());
}

}  // namespace
}  // namespace thimble
