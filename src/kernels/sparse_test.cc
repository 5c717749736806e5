// Contract of the products with sparse weights, for every table that this machine can run: float32 bit-equal to the
// dense definition, int8 to the exact sums, at any number of entries, rows and columns; and the same bytes from sums as
// from the dense kernel.
#include "kernels/sparse.h"

#include <algorithm>
#include <cmath>

#include "kernels/f32_test_util.h"

namespace thimble {
namespace {

using namespace f32_test;

class Sparse : public TableTest {
 protected:
  // Entries of n columns over k rows lda apart, a share of them present; some columns empty, some full.
  void entries(int64_t n, int64_t k, int64_t lda, int percent) {
    begin = {0};
    offset.clear();
    for (int64_t j = 0; j < n; ++j) {
      const int share = j % 7 == 3 ? 0 : j % 11 == 5 ? 100 : percent;
      for (int64_t r = 0; r < k; ++r)
        if (pick(random, 0, 99) < share)
          offset.push_back(static_cast<int32_t>(r * lda + pick(random, 0, static_cast<int>(lda)) / 4));
      begin.push_back(static_cast<int32_t>(offset.size()));
    }
  }
  std::vector<int32_t> begin, offset;
};

TEST_P(Sparse, FloatEqualsDefinition) {
  for (int round = 0; round < 200; ++round) {
    const int64_t m = 16 * pick(random, 1, 18), n = pick(random, 1, 40), k = pick(random, 1, 50);
    const int64_t lda = m + pick(random, 0, 20), ldc = m + 16 * pick(random, 0, 2);
    entries(n, k, lda, pick(random, 0, 100));
    const std::vector<float> a = normal_values(random, 2 * k * lda), bias = normal_values(random, n),
                             value = normal_values(random, static_cast<int64_t>(offset.size()));
    SparseF32Args args{.m = m, .n = n, .a = a.data(), .begin = begin.data(), .offset = offset.data()};
    args.value = value.data();
    if (round % 3 != 0) args.bias = bias.data();
    if (round % 2 != 0) args.lo = 0, args.hi = 6;
    std::vector<float> c(static_cast<size_t>(n * ldc), -77.0f), want = c;
    for (int64_t j = 0; j < n; ++j)
      for (int64_t p = 0; p < m; ++p) {
        float sum = args.bias ? bias[static_cast<size_t>(j)] : 0.0f;
        for (auto e = static_cast<size_t>(begin[static_cast<size_t>(j)]);
             e < static_cast<size_t>(begin[static_cast<size_t>(j) + 1]); ++e)
          sum = std::fma(a[static_cast<size_t>(offset[e] + p)], value[e], sum);
        want[static_cast<size_t>(j * ldc + p)] = sum < args.lo ? args.lo : args.hi < sum ? args.hi : sum;
      }
    args.c = c.data();
    args.ldc = ldc;
    table().sparse.f32(args);
    ASSERT_EQ(first_difference(c, want), -1) << "m " << m << " n " << n << " k " << k;
  }
}

TEST_P(Sparse, Int8EqualsDefinition) {
  const SparseKernels& kernels = table().sparse;
  for (int round = 0; round < 200; ++round) {
    const int64_t m = 16 * pick(random, 1, 18), n = pick(random, 1, 40), k = pick(random, 1, 40);
    const int64_t lda = m + pick(random, 0, 20), ldc = m + 16 * pick(random, 0, 2);
    entries(n, k, lda, pick(random, 0, 100));
    std::vector<uint8_t> a(static_cast<size_t>(2 * k * lda * 4));
    for (uint8_t& v : a) v = round % 5 == 0 ? 255 : static_cast<uint8_t>(pick(random, 0, 255));
    std::vector<int8_t> w(offset.size() * 4), packed(offset.size() * static_cast<size_t>(kernels.group_bytes));
    for (int8_t& v : w) v = round % 5 == 0 ? int8_t{-128} : static_cast<int8_t>(pick(random, -128, 127));
    for (size_t e = 0; e < offset.size(); ++e)
      kernels.pack_group(w.data() + e * 4, packed.data() + e * static_cast<size_t>(kernels.group_bytes));
    std::vector<int32_t> bias(static_cast<size_t>(n)), c(static_cast<size_t>(n * ldc), -77), want = c;
    for (int32_t& b : bias) b = pick(random, 0, 9) == 0 ? INT32_MAX : pick(random, -100000, 100000);
    for (size_t j = 0; j < static_cast<size_t>(n); ++j)
      for (int64_t p = 0; p < m; ++p) {
        int64_t sum = bias[j];
        for (auto e = static_cast<size_t>(begin[j]); e < static_cast<size_t>(begin[j + 1]); ++e)
          for (size_t i = 0; i < 4; ++i) sum += w[e * 4 + i] * a[static_cast<size_t>((offset[e] + p) * 4) + i];
        want[j * static_cast<size_t>(ldc) + static_cast<size_t>(p)] =
            static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(sum)));
      }
    SparseS8Args args{.m = m, .n = n, .a = a.data(), .begin = begin.data(), .offset = offset.data()};
    args.value = packed.data();
    args.bias = bias.data();
    args.c = c.data();
    args.ldc = ldc;
    kernels.s8(args);
    ASSERT_EQ(c, want) << "m " << m << " n " << n << " k " << k;
  }
}

TEST_P(Sparse, RowEqualsDefinition) {
  for (int round = 0; round < 200; ++round) {
    const int64_t n = pick(random, 1, 40), k = pick(random, 1, 30);
    entries(n, k, 1, pick(random, 0, 100));
    for (int64_t j = 0, e = 0; j < n; ++j)
      for (int32_t b = 0; e < begin[static_cast<size_t>(j) + 1]; ++e, ++b) offset[static_cast<size_t>(e)] = b;
    std::vector<uint8_t> a(static_cast<size_t>(16 * k));
    std::vector<int8_t> w(offset.size() * 16 + 64);
    for (uint8_t& v : a) v = round % 5 == 0 ? 255 : static_cast<uint8_t>(pick(random, 0, 255));
    for (int8_t& v : w) v = round % 5 == 0 ? int8_t{-128} : static_cast<int8_t>(pick(random, -128, 127));
    std::vector<int32_t> bias(static_cast<size_t>(n)), c(bias.size()), want(bias.size());
    for (size_t j = 0; j < bias.size(); ++j) {
      bias[j] = pick(random, 0, 9) == 0 ? INT32_MIN : pick(random, -100000, 100000);
      int64_t sum = bias[j];
      for (auto e = static_cast<size_t>(begin[j]); e < static_cast<size_t>(begin[j + 1]); ++e)
        for (size_t i = 0; i < 16; ++i) sum += w[e * 16 + i] * a[static_cast<size_t>(offset[e]) * 16 + i];
      want[j] = static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(sum)));
    }
    SparseRowS8Args args{.n = n, .a = a.data(), .begin = begin.data(), .block = offset.data(), .value = w.data()};
    args.bias = bias.data();
    args.c = c.data();
    table().sparse.row_s8(args);
    ASSERT_EQ(c, want) << "n " << n << " k " << k;
  }
}

// A dense product without weights stores its bias requantised: the same bytes as from sums.
TEST_P(Sparse, RequantisesAsTheDenseKernel) {
  const GemmS8Kernels& dense = table().gemm_s8;
  for (int64_t n = 1; n <= 70; ++n) {
    const auto columns = static_cast<size_t>(n);
    std::vector<int32_t> bias(columns), multiplier(columns), shift(columns);
    std::vector<double> scale(columns);
    for (size_t j = 0; j < columns; ++j) {
      bias[j] = pick(random, -2000000, 2000000);
      multiplier[j] = pick(random, 1 << 30, INT32_MAX);
      shift[j] = pick(random, -20, n % 9 == 0 ? 2 : -1);
      scale[j] = std::ldexp(pick(random, 1 << 20, 1 << 21), -34);
    }
    const std::vector<uint8_t> a(64, 7);
    const std::vector<int8_t> none(static_cast<size_t>(4 * n), 0);
    std::vector<int8_t> packed(static_cast<size_t>(dense.packed_b_bytes(n, 4, 1)) + 64);
    dense.pack_b({.k = 4, .n = n, .b = none.data(), .column_stride = 4, .packed = packed.data()});
    GemmS8Args args{.m = 3, .n = n, .k = 4, .a = a.data(), .lda = 4, .b = packed.data(), .bias = bias.data()};
    args.requant = {.multiplier = multiplier.data(), .shift = shift.data(), .zero_point = pick(random, -20, 20)};
    if (n % 2 == 0) args.requant.scale = scale.data();
    args.requant.flip = n % 3 == 0 ? 0x80 : 0;
    args.ldc = n + 2;
    std::vector<uint8_t> want(static_cast<size_t>(3 * args.ldc), 9), got = want;
    args.c_quantized = want.data();
    dense.run_requant(args);
    std::vector<int32_t> sums(3 * columns + 64);
    for (size_t r = 0; r < 3; ++r) std::copy(bias.begin(), bias.end(), sums.begin() + static_cast<long>(r * columns));
    args.c_quantized = got.data();
    table().sparse.requantise(args, sums.data(), n);
    ASSERT_EQ(got, want) << n;
  }
}

THIMBLE_EVERY_TABLE(Sparse);

}  // namespace
}  // namespace thimble
