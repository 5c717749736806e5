// Contract of the int8 matrix product, for every table that this machine can run: bit-equal to a
// definition in 64-bit arithmetic, whatever the shape, the addressing, and the split of the rows.
#include "kernels/gemm_s8.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "base/fixed_point.h"
#include "kernels/s8_test_util.h"

namespace thimble {
namespace {

using namespace s8_test;

// One product with everything it points to. Heap blocks end exactly where the contract lets a kernel
// read, so that a sanitizer sees one byte too many.
struct Case {
  Case(int64_t rows, int64_t columns, int64_t depth, int64_t tap_count)
      : m(rows), n(columns), k(depth), taps(tap_count) {}

  int64_t m, n, k, taps;
  bool wild = false, gathered = false;
  Fill fill_a = Fill::random, fill_b = Fill::random;
  Random random;

  std::unique_ptr<uint8_t[]> a, pad;
  std::vector<int8_t> b;
  std::vector<int32_t> bias, offsets, row_zero, column_sum;
  std::vector<float> row_scale, column_scale, float_bias;
  std::unique_ptr<RequantData> requant;
  GemmS8Args args;

  void make() {
    const int64_t bytes = gathered ? m * k + 2 * k : m * k;
    a = std::make_unique<uint8_t[]>(bytes + 3);
    pad = std::make_unique<uint8_t[]>(k + 3);
    fill_bytes(random, fill_a, a.get(), bytes + 3);
    fill_bytes(random, Fill::random, pad.get(), k + 3);
    b.resize(n * k * taps);
    fill_bytes(random, fill_b, b.data(), n * k * taps);
    for (int64_t j = 0; j < n; ++j) bias.push_back(pick(random, -100000, 100000));
    if (wild) {
      for (int32_t& x : bias) x = static_cast<int32_t>(random());
    }
    requant = std::make_unique<RequantData>(random, n, wild, 128.0 * 64.0 * std::sqrt(double(k * taps)));
    args.m = m;
    args.n = n;
    args.k = k;
    args.taps = taps;
    args.a = a.get();
    args.lda = k;
    if (gathered) {
      for (int64_t i = 0; i < m * taps; ++i)
        offsets.push_back(pick(random, 0, 4) == 0 ? -1 : pick(random, 0, static_cast<int>(bytes - k)));
      args.offsets = offsets.data();
      args.pad = pad.get();
    }
    args.bias = bias.data();
    args.requant = requant->args(random, pick(random, 0, 1) != 0);
    args.ldc = n + 3;
    for (int64_t j = 0; j < n; ++j) {
      column_scale.push_back(static_cast<float>(pick(random, 1, 1 << 20)) * 1e-9f);
      float_bias.push_back(static_cast<float>(pick(random, -1000, 1000)) * 0.01f);
      int32_t sum = 0;
      for (int64_t i = 0; i < k * taps; ++i) sum += b[j * k * taps + i];
      column_sum.push_back(sum);
    }
    for (int64_t i = 0; i < m; ++i) {
      row_scale.push_back(static_cast<float>(pick(random, 1, 1 << 20)) * 1e-6f);
      row_zero.push_back(pick(random, -128, 127));
    }
    args.row_scale = row_scale.data();
    args.column_scale = column_scale.data();
    args.column_sum = column_sum.data();
  }

  std::unique_ptr<int8_t[]> packed(const GemmS8Kernels& kernels) {
    PackBS8Args p;
    p.k = k;
    p.taps = taps;
    p.n = n;
    p.b = b.data();
    p.column_stride = k * taps;  // [n, taps, k], TFLite's order of convolution weights
    p.tap_stride = k;
    p.row_stride = 1;
    auto out = std::make_unique<int8_t[]>(kernels.packed_b_bytes(n, k, taps));
    p.packed = out.get();
    kernels.pack_b(p);
    return out;
  }

  int64_t sum(int64_t i, int64_t j) const {
    int64_t acc = bias[j];
    for (int64_t t = 0; t < taps; ++t) {
      const uint8_t* run = a.get() + i * k;
      if (gathered) run = offsets[i * taps + t] < 0 ? pad.get() : a.get() + offsets[i * taps + t];
      for (int64_t q = 0; q < k; ++q) acc += int64_t{run[q]} * b[(j * taps + t) * k + q];
    }
    return acc;
  }
};

class GemmS8 : public testing::TestWithParam<const KernelTable*> {
 protected:
  const GemmS8Kernels& kernels() const { return GetParam()->gemm_s8; }

  void check_requant(Case& c) {
    auto packed = c.packed(kernels());
    std::vector<uint8_t> out(c.m * c.args.ldc, 0xA5);
    c.args.b = packed.get();
    c.args.c_quantized = out.data();
    kernels().run_requant(c.args);
    for (int64_t i = 0; i < c.m; ++i) {
      for (int64_t j = 0; j < c.n; ++j) {
        const RequantArgs& r = c.args.requant;
        const uint8_t expected =
            r.scale ? expected_byte_in_double(c.sum(i, j), r, j) : expected_byte(c.sum(i, j), r, j);
        ASSERT_EQ(int{out[i * c.args.ldc + j]}, int{expected})
            << "row " << i << " column " << j << " of " << c.m << "x" << c.n << "x" << c.k << " taps " << c.taps;
      }
      for (int64_t j = c.n; j < c.args.ldc; ++j)
        ASSERT_EQ(out[i * c.args.ldc + j], 0xA5) << "written beyond column " << c.n;
    }
  }

  void check_dequant(Case& c) {
    auto packed = c.packed(kernels());
    std::vector<float> out(c.m * c.args.ldc, -7.0f);
    c.args.b = packed.get();
    c.args.c_float = out.data();
    kernels().run_dequant(c.args);
    for (int64_t i = 0; i < c.m; ++i) {
      for (int64_t j = 0; j < c.n; ++j) {
        int64_t acc = c.sum(i, j);
        if (c.args.row_zero != nullptr) acc -= int64_t{c.row_zero[i]} * c.column_sum[j];
        volatile float y = static_cast<float>(wrap(acc));  // volatile: every step is rounded
        if (c.args.column_scale_first) {
          y = y * c.column_scale[j];
          y = y * c.row_scale[i];
        } else {
          volatile float scale = c.row_scale[i] * c.column_scale[j];
          y = y * scale;
        }
        if (c.args.float_bias != nullptr) y = y + c.float_bias[j];
        const float expected = std::min(std::max(static_cast<float>(y), c.args.lo), c.args.hi);
        ASSERT_EQ(out[i * c.args.ldc + j], expected) << "row " << i << " column " << j;
      }
      for (int64_t j = c.n; j < c.args.ldc; ++j) ASSERT_EQ(out[i * c.args.ldc + j], -7.0f);
    }
  }
};

TEST_P(GemmS8, EveryNarrowShape) {
  int seed = 0;
  for (int64_t m : {1, 2, 3, 5, 6, 7, 11, 12, 13, 25})
    for (int64_t n : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 130})
      for (int64_t k : {1, 3, 4, 5, 9}) {
        Case c{m, n, k, 1};
        c.random.seed(++seed);
        c.make();
        ASSERT_NO_FATAL_FAILURE(check_requant(c));
      }
}

TEST_P(GemmS8, RandomShapesThroughOffsetTables) {
  Random random(7);
  for (int trial = 0; trial < 150; ++trial) {
    Case c{pick(random, 1, 40), pick(random, 1, 150), pick(random, 1, 70), pick(random, 1, 9)};
    c.gathered = true;
    c.wild = trial % 3 == 0;
    c.random.seed(trial);
    c.make();
    ASSERT_NO_FATAL_FAILURE(check_requant(c));
  }
}

TEST_P(GemmS8, ExtremeValuesAndMultipliers) {
  int seed = 100;
  for (Fill fill_a : {Fill::random, Fill::lowest, Fill::highest})
    for (Fill fill_b : {Fill::random, Fill::lowest, Fill::highest, Fill::zero})
      for (int64_t n : {10, 64, 150}) {
        Case c{13, n, 515, 2};
        c.gathered = true;
        c.wild = true;
        c.fill_a = fill_a;
        c.fill_b = fill_b;
        c.random.seed(++seed);
        c.make();
        ASSERT_NO_FATAL_FAILURE(check_requant(c));
      }
}

// INT_MIN times INT_MIN is the one product that saturates; ties round away from zero.
TEST_P(GemmS8, SaturationAndTies) {
  const int32_t lowest = std::numeric_limits<int32_t>::min(), highest = std::numeric_limits<int32_t>::max();
  Case c{3, 40, 4, 1};
  c.fill_a = Fill::zero;
  c.make();
  const int32_t sums[] = {lowest, highest, lowest + 1, -1, 0, 1, 3, -3};
  const int32_t multipliers[] = {lowest, highest, 1 << 30, -(1 << 30), 1};
  for (int64_t j = 0; j < 40; ++j) {
    c.bias[j] = sums[j % 8];
    c.requant->multiplier[j] = multipliers[j / 8];
  }
  for (int shift = -31; shift <= 8; ++shift) {
    std::fill(c.requant->shift.begin(), c.requant->shift.end(), shift);
    for (int zero_point : {-128, 0, 127}) {
      c.args.requant.zero_point = zero_point;
      c.args.requant.lo = -128;
      c.args.requant.hi = 127;
      ASSERT_NO_FATAL_FAILURE(check_requant(c)) << "shift " << shift;
    }
  }
}

TEST_P(GemmS8, EverySumNearATie) {
  Case c{1, 8001, 1, 1};
  c.fill_a = Fill::zero;
  c.make();
  for (int shift = 0; shift >= -8; --shift) {
    for (int64_t j = 0; j < c.n; ++j) {
      c.bias[j] = static_cast<int32_t>(j) - 4000;
      c.requant->multiplier[j] = 1 << 30;
      c.requant->shift[j] = shift;
    }
    c.args.requant.lo = -128;
    c.args.requant.hi = 127;
    ASSERT_NO_FATAL_FAILURE(check_requant(c)) << "shift " << shift;
  }
}

// Weights whose products can be added in 16 bits, just so or not quite: 128 · 255 fits, 128 · 256 does not.
TEST_P(GemmS8, SumsAtTheEdgeOf16Bits) {
  int seed = 0;
  for (Fill fill_a : {Fill::random, Fill::lowest, Fill::highest})
    for (int of_four : {200, 254, 255, 256, 257, 508})
      for (int64_t m : {1, 2, 3, 4, 8, 9})
        for (int64_t k : {16, 31, 32, 67, 640}) {
          Case c{m, 19, k, k < 64 ? 2 : 1};
          c.gathered = c.taps > 1;
          c.fill_a = fill_a;
          c.random.seed(++seed);
          c.make();
          for (int64_t at = 0; at < std::ssize(c.b);
               ++at) {  // rows 4 apart: a quarter of the sum each, the rest in one
            const int64_t i = at % k;
            const int w = of_four / 4 + (i / 4 % 4 == 0 ? of_four % 4 : 0);
            c.b[at] = static_cast<int8_t>(std::clamp(seed % 2 ? -w : at % 3 ? w : -w, -128, 127));
          }
          ASSERT_NO_FATAL_FAILURE(check_requant(c)) << "four weights add up to " << of_four;
        }
}

// Where scales are given, sums are rounded once, in double, halves away from zero.
TEST_P(GemmS8, RequantisesInDouble) {
  Random random(17);
  for (int trial = 0; trial < 200; ++trial) {
    Case c{trial % 2 ? 1 : pick(random, 1, 20), pick(random, 1, 140), pick(random, 1, 200), 1};
    c.wild = trial % 5 == 0;
    c.random.seed(trial);
    c.make();
    std::vector<double> scales;
    const double extremes[] = {0.5, 0.25, 0.125, 1.0, 1e-12, 1e12, 1.0 / 3};
    for (int64_t j = 0; j < c.n; ++j)
      scales.push_back(trial % 3 == 0 ? extremes[pick(random, 0, 6)] : pick(random, 1, 1 << 20) * 1e-9);
    c.args.requant.scale = scales.data();
    ASSERT_NO_FATAL_FAILURE(check_requant(c)) << "trial " << trial;
  }
}

TEST_P(GemmS8, EveryTieInDouble) {
  Case c{1, 8003, 1, 1};
  c.fill_a = Fill::zero;
  c.make();
  std::vector<double> scales(c.n);
  for (const double scale : {0.5, 0.25, 0.0625, 0.49999999999999994, 0.1}) {
    std::ranges::fill(scales, scale);
    for (int64_t j = 0; j < c.n; ++j) c.bias[j] = static_cast<int32_t>(j) - 4000;
    c.args.requant.scale = scales.data();
    c.args.requant.lo = -128;
    c.args.requant.hi = 127;
    ASSERT_NO_FATAL_FAILURE(check_requant(c)) << "scale " << scale;
  }
}

TEST_P(GemmS8, DequantisedOutputHasTheBitsOfTheStatedOrder) {
  Random random(11);
  for (int trial = 0; trial < 120; ++trial) {
    Case c{pick(random, 1, 20), pick(random, 1, 140), pick(random, 1, 200), trial % 4 == 0 ? 3 : 1};
    c.gathered = trial % 4 == 0;
    c.random.seed(trial);
    c.make();
    c.args.column_scale_first = trial % 2 != 0;
    if (trial % 3 != 0) c.args.float_bias = c.float_bias.data();
    if (trial % 5 == 0) c.args.row_zero = c.row_zero.data();
    if (trial % 7 == 0) {
      c.args.lo = 0.0f;
      c.args.hi = 6.0f;
    }
    ASSERT_NO_FATAL_FAILURE(check_dequant(c));
  }
}

TEST_P(GemmS8, RowsInTwoCallsGiveTheSameBytes) {
  Case c{29, 70, 33, 1};
  c.make();
  auto packed = c.packed(kernels());
  c.args.b = packed.get();
  std::vector<uint8_t> whole(c.m * c.args.ldc), parts(whole.size());
  c.args.c_quantized = whole.data();
  kernels().run_requant(c.args);
  for (int64_t cut = 0; cut <= c.m; ++cut) {
    std::fill(parts.begin(), parts.end(), uint8_t{0});
    GemmS8Args first = c.args, second = c.args;
    first.c_quantized = parts.data();
    first.m = cut;
    second.m = c.m - cut;
    second.a += cut * c.args.lda;
    second.c_quantized = parts.data() + cut * c.args.ldc;
    kernels().run_requant(first);
    kernels().run_requant(second);
    ASSERT_EQ(parts, whole) << "cut at row " << cut;
  }
}

TEST_P(GemmS8, ManyRowsOverSeveralPanels) {
  Case c{1100, 200, 256, 1};
  c.make();
  check_requant(c);
}

TEST_P(GemmS8, PackingTakesAnyStrides) {
  // Weights stored [k, n] instead of [n, k].
  Case c{5, 19, 11, 1};
  c.make();
  std::vector<int8_t> transposed(c.b.size());
  for (int64_t j = 0; j < c.n; ++j)
    for (int64_t i = 0; i < c.k; ++i) transposed[i * c.n + j] = c.b[j * c.k + i];
  auto expected = c.packed(kernels());
  const int64_t bytes = kernels().packed_b_bytes(c.n, c.k, 1);
  std::vector<int8_t> out(bytes);
  PackBS8Args p;
  p.k = c.k;
  p.n = c.n;
  p.b = transposed.data();
  p.column_stride = 1;
  p.row_stride = c.n;
  p.packed = out.data();
  kernels().pack_b(p);
  EXPECT_EQ(std::memcmp(out.data(), expected.get(), bytes), 0);
}

// Legacy uint8 weights with a zero point: two taps over the same run carry what int8 cannot hold.
TEST_P(GemmS8, WeightsBeyondInt8AreSplitInTwoTaps) {
  Case c{7, 20, 33, 2};
  c.gathered = true;
  c.make();
  std::vector<int32_t> wide(c.n * c.k);
  for (int64_t j = 0; j < c.n; ++j) {
    for (int64_t i = 0; i < c.k; ++i) {
      const int32_t w = pick(c.random, -255, 254);
      wide[j * c.k + i] = w;
      c.b[(j * 2) * c.k + i] = static_cast<int8_t>(std::clamp(w, -128, 127));
      c.b[(j * 2 + 1) * c.k + i] = static_cast<int8_t>(w - std::clamp(w, -128, 127));
    }
  }
  for (int64_t m = 0; m < c.m; ++m) c.offsets[2 * m] = c.offsets[2 * m + 1] = static_cast<int32_t>(m * c.k);
  for (int64_t m = 0; m < c.m; ++m) {
    for (int64_t j = 0; j < c.n; ++j) {
      int64_t acc = c.bias[j];
      for (int64_t i = 0; i < c.k; ++i) acc += int64_t{c.a[m * c.k + i]} * wide[j * c.k + i];
      ASSERT_EQ(acc, c.sum(m, j));
    }
  }
  check_requant(c);
}

// The definition used here and the one that the rest of Thimble uses are the same function.
TEST(GemmS8Definition, AgreesWithFixedPoint) {
  Random random(5);
  for (int trial = 0; trial < 200000; ++trial) {
    const auto acc = static_cast<int32_t>(random()), multiplier = static_cast<int32_t>(random());
    const int32_t small = acc >> pick(random, 0, 31);
    const int shift = pick(random, -31, 30);
    ASSERT_EQ(expected_requant(small, multiplier, shift), multiply_by_quantized_multiplier(small, multiplier, shift))
        << small << " · " << multiplier << " shift " << shift;
  }
}

TEST_P(GemmS8, FlipChangesTheFormInPlace) {
  Random random(3);
  for (int64_t n : {0, 1, 15, 16, 63, 64, 65, 1000}) {
    std::vector<uint8_t> x(n), y(n);
    fill_bytes(random, Fill::random, x.data(), n);
    kernels().flip(x.data(), y.data(), n, 0x80);
    for (int64_t i = 0; i < n; ++i) ASSERT_EQ(y[i], x[i] ^ 0x80);
    kernels().flip(y.data(), y.data(), n, 0x80);
    EXPECT_EQ(x, y);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, GemmS8, testing::ValuesIn(available_kernels().begin(), available_kernels().end()),
                         isa_label);

}  // namespace
}  // namespace thimble
