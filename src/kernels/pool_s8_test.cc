// Contract of the int8 pooling kernels, for every table that this machine can run.
#include <gtest/gtest.h>

#include <memory>

#include "kernels/s8_test_util.h"

namespace thimble {
namespace {

using namespace s8_test;

struct Case {
  Case(int64_t pixels, int64_t depth, int64_t tap_count, bool unsigned_bytes, int seed, int padding_one_in = 4,
       Fill fill = Fill::random)
      : m(pixels), channels(depth), taps(tap_count), is_unsigned(unsigned_bytes) {
    random.seed(seed);
    const int64_t input_pixels = m + 5, bytes = input_pixels * channels;
    x = std::make_unique<uint8_t[]>(bytes);
    if (is_unsigned)
      fill_bytes(random, fill, x.get(), bytes);
    else
      fill_bytes(random, fill, reinterpret_cast<int8_t*>(x.get()), bytes);
    for (int64_t i = 0; i < m * taps; ++i) {
      const bool outside = pick(random, 1, padding_one_in) == 1;
      const int at = pick(random, 0, static_cast<int>(input_pixels) - 1);
      offsets.push_back(outside ? -1 : static_cast<int32_t>(at * channels));
    }
    args.m = m;
    args.channels = channels;
    args.taps = taps;
    args.x = x.get();
    args.x_unsigned = is_unsigned;
    args.offsets = offsets.data();
    args.lo = is_unsigned ? 0 : -128;
    args.hi = is_unsigned ? 255 : 127;
    zero_point = is_unsigned && seed % 2 == 0 ? 128 : 0;
    if (zero_point != 0) args.lo = -128, args.hi = 127;
    if (seed % 3 == 0) {
      args.lo = pick(random, args.lo, args.hi);
      args.hi = pick(random, args.lo, args.hi);
    }
  }

  int64_t m, channels, taps;
  bool is_unsigned;
  int32_t zero_point;  // of averages of int8 values that lie as unsigned bytes
  Random random;
  std::unique_ptr<uint8_t[]> x;
  std::vector<int32_t> offsets;
  PoolS8Args args;

  void check(const KernelTable& table) {
    std::vector<uint8_t> largest(m * channels), average(m * channels);
    args.y = largest.data();
    table.pool.max_s8(args);
    PoolS8Args of_average = args;
    of_average.y = average.data();
    of_average.zero_point = zero_point;
    of_average.flip = zero_point != 0 ? 0x80 : 0;
    table.pool.average_s8(of_average);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t c = 0; c < channels; ++c) {
        int64_t sum = 0, count = 0, best = is_unsigned ? 0 : -128;
        for (int64_t t = 0; t < taps; ++t) {
          const int32_t o = offsets[i * taps + t];
          if (o < 0) continue;
          const int64_t value = is_unsigned ? int64_t{x[o + c]} : int64_t{static_cast<int8_t>(x[o + c])};
          sum += value - zero_point;
          best = std::max(best, value);
          ++count;
        }
        // round half away from zero of sum / count, by doubling: floor((2·|sum| + count) / (2·count)).
        const int64_t magnitude = count == 0 ? 0 : (2 * std::llabs(sum) + count) / (2 * count);
        const int64_t mean = std::clamp<int64_t>(sum < 0 ? -magnitude : magnitude, args.lo, args.hi);
        ASSERT_EQ(int{largest[i * channels + c]},
                  int{static_cast<uint8_t>(std::clamp<int64_t>(best, args.lo, args.hi))})
            << "maximum of pixel " << i << " channel " << c << " of " << m << "x" << channels << " taps " << taps;
        ASSERT_EQ(average[i * channels + c] ^ of_average.flip, int{static_cast<uint8_t>(mean)})
            << "average of pixel " << i << " channel " << c << " of " << m << "x" << channels << " taps " << taps
            << ": sum " << sum << " count " << count;
      }
    }
  }
};

class PoolS8 : public testing::TestWithParam<const KernelTable*> {};

TEST_P(PoolS8, Tails) {
  int seed = 0;
  for (int64_t m : {1, 2, 7})
    for (int64_t channels : {1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 130})
      for (int64_t taps : {1, 2, 4, 9})
        for (bool is_unsigned : {false, true}) {
          Case c(m, channels, taps, is_unsigned, ++seed);
          ASSERT_NO_FATAL_FAILURE(c.check(*GetParam()));
        }
}

TEST_P(PoolS8, LargeWindows) {
  int seed = 500;
  for (int64_t taps : {49, 196, 2500, 65536, 65537})
    for (Fill fill : {Fill::random, Fill::lowest, Fill::highest})
      for (bool is_unsigned : {false, true}) {
        Case c(2, 20, taps, is_unsigned, 3 * ++seed + 1, 6, fill);
        ASSERT_NO_FATAL_FAILURE(c.check(*GetParam()));
      }
}

// Every sum of a small window: each quotient and each tie.
TEST_P(PoolS8, EverySumOfASmallWindow) {
  for (int64_t taps = 1; taps <= 16; ++taps) {
    const int64_t channels = 256;
    for (int shift = 0; shift < static_cast<int>(taps); ++shift) {
      Case c(1, channels, taps, false, 1, 1000000);
      for (int64_t t = 0; t < taps; ++t)
        for (int64_t i = 0; i < channels; ++i)
          c.x[(t % 6) * channels + i] = static_cast<uint8_t>(i + (t < shift ? 1 : 0));
      for (int64_t t = 0; t < taps; ++t) c.offsets[t] = static_cast<int32_t>((t % 6) * channels);
      ASSERT_NO_FATAL_FAILURE(c.check(*GetParam()));
    }
  }
}

TEST_P(PoolS8, PixelsInTwoCallsGiveTheSameBytes) {
  Case c(11, 70, 9, false, 1);
  std::vector<uint8_t> whole(c.m * c.channels), parts(whole.size());
  for (auto kernel : {GetParam()->pool.max_s8, GetParam()->pool.average_s8}) {
    c.args.y = whole.data();
    kernel(c.args);
    for (int64_t cut = 0; cut <= c.m; ++cut) {
      PoolS8Args first = c.args, second = c.args;
      first.y = parts.data();
      first.m = cut;
      second.m = c.m - cut;
      second.offsets += cut * c.taps;
      second.y = parts.data() + cut * c.channels;
      kernel(first);
      kernel(second);
      ASSERT_EQ(parts, whole);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, PoolS8, testing::ValuesIn(available_kernels().begin(), available_kernels().end()),
                         isa_label);

}  // namespace
}  // namespace thimble
