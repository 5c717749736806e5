// Contract of the products with weights of few values, for every table that this machine can run: the bits of the
// definition and of the dense kernel, at any size, in both forms, and where activations are not finite.
#include "kernels/palette.h"

#include <algorithm>
#include <cmath>

#include "kernels/f32_test_util.h"

namespace thimble {
namespace {

using namespace f32_test;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class Palette : public TableTest {
 protected:
  // Random codes of n columns over k steps, and the weights that they stand for.
  void draw(int64_t n, int64_t k) {
    values = normal_values(random, kPaletteValues);
    values[3] = -0.0f, values[5] = 1e-42f;
    codes.resize(static_cast<size_t>(n * k));
    weights.resize(codes.size());
    for (size_t i = 0; i < codes.size(); ++i) {
      codes[i] = static_cast<uint8_t>(pick(random, 0, kPaletteValues - 1));
      weights[i] = values[codes[i]];
    }
  }
  std::vector<uint8_t> pack(int64_t n, int64_t k, bool half) {
    // What the padding holds must not matter.
    std::vector<uint8_t> packed(static_cast<size_t>(palette_bytes(n, k, half)), 0xA5);
    table().palette.pack(
        {.n = n, .k = k, .codes = codes.data(), .values = values.data(), .half = half, .packed = packed.data()});
    return packed;
  }
  std::vector<float> dense(const PaletteF32Args& p) {
    const GemmF32Kernels& gemm = table().gemm_f32;
    std::vector<float> b(static_cast<size_t>(gemm.packed_b_floats(p.n, p.k))), c(static_cast<size_t>(p.m * p.ldc), -77);
    gemm.pack_b(
        {.rows = p.k, .n = p.n, .b = weights.data(), .row_stride = 1, .column_stride = p.k, .packed = b.data()});
    GemmF32Args args{.m = p.m, .n = p.n, .k = p.k, .a = p.a, .lda = p.lda, .b = b.data(), .bias = p.bias};
    args.c = c.data();
    args.ldc = p.ldc;
    args.lo = p.lo, args.hi = p.hi;
    gemm.run(args);
    return c;
  }
  std::vector<float> values, weights;
  std::vector<uint8_t> codes;
};

TEST_P(Palette, EqualsDefinitionAndDenseKernel) {
  for (int round = 0; round < 300; ++round) {
    const bool half = round % 2 == 0;
    const int64_t m = half ? 1 : pick(random, 1, kPaletteRows), n = pick(random, 1, 170);
    const int64_t k = round == 7 ? 5000 : pick(random, 1, 70), lda = k + pick(random, 0, 5),
                  ldc = n + pick(random, 0, 5);
    draw(n, k);
    std::vector<float> a = normal_values(random, m * lda);
    if (round % 5 == 0) a[static_cast<size_t>(pick(random, 0, static_cast<int>(k) - 1))] = kInfinity;
    if (round % 7 == 0) a[static_cast<size_t>(pick(random, 0, static_cast<int>(k) - 1))] = std::nanf("");
    const std::vector<float> bias = normal_values(random, n);
    const std::vector<uint8_t> packed = pack(n, k, half);
    PaletteF32Args args{.m = m, .n = n, .k = k, .a = a.data(), .lda = lda, .b = packed.data(), .values = values.data()};
    args.half = half;
    if (round % 3 != 0) args.bias = bias.data();
    if (round % 4 == 0) args.lo = 0, args.hi = 6;
    args.ldc = ldc;
    std::vector<float> c(static_cast<size_t>(m * ldc), -77.0f), want = c;
    for (int64_t r = 0; r < m; ++r)
      for (int64_t j = 0; j < n; ++j) {
        float sum = args.bias ? bias[static_cast<size_t>(j)] : 0.0f;
        for (int64_t i = 0; i < k; ++i)
          sum = std::fma(a[static_cast<size_t>(r * lda + i)], weights[static_cast<size_t>(j * k + i)], sum);
        want[static_cast<size_t>(r * ldc + j)] = sum < args.lo ? args.lo : args.hi < sum ? args.hi : sum;
      }
    args.c = c.data();
    table().palette.f32(args);
    ASSERT_EQ(first_difference(c, want), -1) << "m " << m << " n " << n << " k " << k << " half " << half;
    ASSERT_EQ(first_difference(c, dense(args)), -1) << "m " << m << " n " << n << " k " << k << " half " << half;
  }
}

TEST_P(Palette, RangesOfWholeTilesGiveTheSameBits) {
  for (const bool half : {false, true}) {
    const int64_t n = 200, k = 33, columns = palette_columns(half);
    draw(n, k);
    const std::vector<float> a = normal_values(random, k), bias = normal_values(random, n);
    const std::vector<uint8_t> packed = pack(n, k, half);
    std::vector<float> c(static_cast<size_t>(n)), parts(c);
    PaletteF32Args args{.m = 1, .n = n, .k = k, .a = a.data(), .lda = k, .b = packed.data(), .values = values.data()};
    args.half = half;
    args.bias = bias.data();
    args.c = c.data();
    table().palette.f32(args);
    for (int64_t j = 0; j < n; j += columns) {
      args.n = std::min(columns, n - j);
      args.b = packed.data() + j / columns * palette_tile_bytes(k, half);
      args.bias = bias.data() + j;
      args.c = parts.data() + j;
      table().palette.f32(args);
    }
    EXPECT_EQ(first_difference(c, parts), -1);
  }
}

// Costs stand in the order in which a plan looks them up.
TEST_P(Palette, CostsAscend) {
  const auto costs = table().palette.costs;
  for (size_t i = 1; i < costs.size(); ++i)
    EXPECT_TRUE(costs[i - 1].rows < costs[i].rows ||
                (costs[i - 1].rows == costs[i].rows && costs[i - 1].bytes < costs[i].bytes));
}

// Exact sums at the ends of what bytes hold, of values that need two look-ups and of values that do not.
TEST_P(Palette, Int8EqualsDefinition) {
  const PaletteKernels& kernels = table().palette;
  if (kernels.s8 == nullptr) GTEST_SKIP() << "no int8 part";
  for (int round = 0; round < 300; ++round) {
    const int64_t n = pick(random, 1, 70), k = pick(random, 1, 100);
    const int most = round % 2 == 0 ? 64 : 128;
    int8_t w[kPaletteValues];
    for (int8_t& v : w) v = static_cast<int8_t>(pick(random, -most, std::min(most, 127)));
    w[0] = static_cast<int8_t>(-most), w[1] = static_cast<int8_t>(std::min(most, 127));
    const bool extreme = round % 5 < 2;
    std::vector<uint8_t> a(static_cast<size_t>(k)), c8(static_cast<size_t>(n * k));
    for (uint8_t& v : a) v = extreme ? 255 : static_cast<uint8_t>(pick(random, 0, 255));
    for (uint8_t& v : c8) v = static_cast<uint8_t>(extreme ? round % 2 : pick(random, 0, kPaletteValues - 1));
    std::vector<uint8_t> packed(static_cast<size_t>(palette_s8_bytes(n, k)), 0xA5);
    kernels.pack_s8(c8.data(), n, k, packed.data());
    std::vector<int32_t> bias(static_cast<size_t>(n)), c(static_cast<size_t>(n + 15) / 16 * 16), want(bias.size());
    for (size_t j = 0; j < bias.size(); ++j) {
      bias[j] = pick(random, 0, 9) == 0 ? INT32_MIN : pick(random, -100000, 100000);
      int64_t sum = bias[j];
      for (size_t i = 0; i < a.size(); ++i) sum += a[i] * w[c8[j * a.size() + i]];
      want[j] = static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(sum)));
    }
    kernels.s8({.n = n, .k = k, .a = a.data(), .b = packed.data(), .values = w, .bias = bias.data(), .c = c.data()});
    c.resize(bias.size());
    ASSERT_EQ(c, want) << "n " << n << " k " << k;
  }
}

THIMBLE_EVERY_TABLE(Palette);

}  // namespace
}  // namespace thimble
