// Contract of the int8 depthwise convolution, for every table that this machine can run.
#include <gtest/gtest.h>

#include <memory>

#include "kernels/s8_test_util.h"

namespace thimble {
namespace {

using namespace s8_test;

struct Case {
  Case(int64_t pixels, int64_t depth, int64_t tap_count, int seed) : m(pixels), channels(depth), taps(tap_count) {
    random.seed(seed);
  }

  int64_t m, channels, taps;
  bool is_unsigned = false, wild = false;
  Fill fill_x = Fill::random, fill_w = Fill::random;
  int padding_one_in = 5;  // how many taps lie outside
  Random random;
  std::unique_ptr<uint8_t[]> x;
  std::unique_ptr<int8_t[]> w;
  std::vector<int32_t> bias, offsets;
  std::unique_ptr<RequantData> requant;
  DepthwiseS8Args args;

  void make() {
    const int64_t pixels = m + 3, bytes = pixels * channels;
    x = std::make_unique<uint8_t[]>(bytes);
    w = std::make_unique<int8_t[]>(taps * channels);
    if (is_unsigned)
      fill_bytes(random, fill_x, x.get(), bytes);
    else
      fill_bytes(random, fill_x, reinterpret_cast<int8_t*>(x.get()), bytes);
    fill_bytes(random, fill_w, w.get(), taps * channels);
    for (int64_t c = 0; c < channels; ++c)
      bias.push_back(wild ? static_cast<int32_t>(random()) : pick(random, -9999, 9999));
    for (int64_t i = 0; i < m * taps; ++i) {
      const bool outside = pick(random, 1, padding_one_in) == 1;
      offsets.push_back(outside ? -1 : static_cast<int32_t>(pick(random, 0, static_cast<int>(pixels) - 1) * channels));
    }
    requant = std::make_unique<RequantData>(random, channels, wild, 128.0 * 64.0 * std::sqrt(double(taps)));
    args.m = m;
    args.channels = channels;
    args.taps = taps;
    args.x = x.get();
    args.x_unsigned = is_unsigned;
    args.zero_point = is_unsigned ? pick(random, 0, 255) : pick(random, -128, 127);
    args.offsets = offsets.data();
    args.w = w.get();
    args.bias = bias.data();
    args.requant = requant->args(random, is_unsigned);
    args.ldy = channels + 2;
  }

  void check(const KernelTable& table) {
    std::vector<uint8_t> y(m * args.ldy, 0xA5);
    args.y = y.data();
    table.depthwise.s8(args);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t c = 0; c < channels; ++c) {
        int64_t acc = args.bias == nullptr ? 0 : bias[c];
        for (int64_t t = 0; t < taps; ++t) {
          const int32_t o = offsets[i * taps + t];
          if (o < 0) continue;
          const int64_t value = is_unsigned ? int64_t{x[o + c]} : int64_t{static_cast<int8_t>(x[o + c])};
          acc += (value - args.zero_point) * w[t * channels + c];
        }
        ASSERT_EQ(int{y[i * args.ldy + c]}, int{expected_byte(acc, args.requant, c)})
            << "pixel " << i << " channel " << c << " of " << m << "x" << channels << " taps " << taps;
      }
      for (int64_t c = channels; c < args.ldy; ++c) ASSERT_EQ(y[i * args.ldy + c], 0xA5);
    }
  }
};

class DepthwiseS8 : public testing::TestWithParam<const KernelTable*> {};

TEST_P(DepthwiseS8, ChannelAndPixelTails) {
  int seed = 0;
  for (int64_t m : {1, 3, 4, 5, 9, 64, 67})
    for (int64_t channels : {1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 64, 100})
      for (bool is_unsigned : {false, true}) {
        Case c(m, channels, 9, ++seed);
        c.is_unsigned = is_unsigned;
        c.make();
        ASSERT_NO_FATAL_FAILURE(c.check(*GetParam()));
      }
}

TEST_P(DepthwiseS8, TapCountsAndPadding) {
  int seed = 1000;
  for (int64_t taps : {1, 2, 3, 10, 25, 49, 70})
    for (int padding : {1, 2, 1000000}) {
      Case c(13, 40, taps, ++seed);
      c.padding_one_in = padding;
      c.make();
      if (seed % 4 == 0) c.args.bias = nullptr;
      ASSERT_NO_FATAL_FAILURE(c.check(*GetParam()));
    }
}

TEST_P(DepthwiseS8, Extremes) {
  int seed = 2000;
  for (Fill fill_x : {Fill::random, Fill::lowest, Fill::highest})
    for (Fill fill_w : {Fill::random, Fill::lowest, Fill::highest})
      for (bool is_unsigned : {false, true}) {
        Case c(21, 48, 49, ++seed);
        c.is_unsigned = is_unsigned;
        c.wild = true;
        c.fill_x = fill_x;
        c.fill_w = fill_w;
        c.make();
        c.args.zero_point = is_unsigned ? (seed % 2 != 0 ? 0 : 255) : (seed % 2 != 0 ? -128 : 127);
        ASSERT_NO_FATAL_FAILURE(c.check(*GetParam()));
      }
}

TEST_P(DepthwiseS8, PixelsInTwoCallsGiveTheSameBytes) {
  Case c(37, 50, 9, 1);
  c.make();
  std::vector<uint8_t> whole(c.m * c.args.ldy), parts(whole.size());
  c.args.y = whole.data();
  GetParam()->depthwise.s8(c.args);
  for (int64_t cut = 0; cut <= c.m; ++cut) {
    DepthwiseS8Args first = c.args, second = c.args;
    first.y = parts.data();
    first.m = cut;
    second.m = c.m - cut;
    second.offsets += cut * c.taps;
    second.y = parts.data() + cut * c.args.ldy;
    GetParam()->depthwise.s8(first);
    GetParam()->depthwise.s8(second);
    ASSERT_EQ(parts, whole);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, DepthwiseS8,
                         testing::ValuesIn(available_kernels().begin(), available_kernels().end()), isa_label);

}  // namespace
}  // namespace thimble
