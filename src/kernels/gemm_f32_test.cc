// Contract of the float32 matrix products, for every table that this machine can run: bit-equal to
// the definition (one fused multiply-add per step, in order), whatever the shape, the addressing and
// the split of the rows; nothing outside the given memory is touched.
#include "kernels/gemm_f32.h"

#include <memory>

#include "kernels/f32_test_util.h"

namespace thimble {
namespace {

using namespace f32_test;

class GemmF32 : public TableTest {};

float clamp(float v, float lo, float hi) { return v < lo ? lo : hi < v ? hi : v; }

// One product with all that it points to. Blocks on the heap end where the contract ends.
struct Product {
  int64_t m, n, k, taps;
  bool gathered, transposed;
  std::vector<float> a, zeros, b, bias, c, packed;
  std::vector<int32_t> offsets;
  GemmF32Args args;

  Product(Random& random, const GemmF32Kernels& kernels, int64_t m_, int64_t n_, int64_t k_, int64_t taps_, bool gather)
      : m(m_), n(n_), k(k_), taps(taps_), gathered(gather), transposed(pick(random, 0, 1) != 0) {
    args.m = m, args.n = n, args.k = k, args.taps = taps;
    args.lda = k + pick(random, 0, 3);
    args.ldc = n + pick(random, 0, 3);
    a = normal_values(random, (m + 1) * args.lda);
    if (gathered) {
      zeros.assign(static_cast<size_t>(k), 0.0f);
      for (int64_t i = 0; i < m * taps; ++i)
        offsets.push_back(pick(random, 0, 4) == 0 ? -1
                                                  : pick(random, 0, static_cast<int>(a.size()) - static_cast<int>(k)));
      args.offsets = offsets.data();
      args.zeros = zeros.data();
    } else {
      a.resize(static_cast<size_t>((m - 1) * args.lda + k));
    }
    b = normal_values(random, taps * k * n);
    packed.assign(static_cast<size_t>(kernels.packed_b_floats(n, taps * k)), 1e30f);
    PackBArgs pack;
    pack.rows = taps * k, pack.n = n, pack.b = b.data(), pack.packed = packed.data();
    pack.row_stride = transposed ? 1 : n;
    pack.column_stride = transposed ? taps * k : 1;
    kernels.pack_b(pack);
    if (pick(random, 0, 1) != 0) {
      bias = normal_values(random, n);
      args.bias = bias.data();
    }
    args.accumulate = pick(random, 0, 2) == 0;
    if (pick(random, 0, 2) == 0) args.lo = 0.0f;
    if (pick(random, 0, 2) == 0) args.hi = 1.0f;
    c = normal_values(random, (m - 1) * args.ldc + n);
    args.a = a.data();
    args.b = packed.data();
  }

  float weight(int64_t row, int64_t j) const { return transposed ? b[j * taps * k + row] : b[row * n + j]; }

  std::vector<float> expected() const {
    std::vector<float> y = c;
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        float sum = args.accumulate ? c[i * args.ldc + j] : bias.empty() ? 0.0f : bias[j];
        for (int64_t t = 0; t < taps; ++t) {
          const float* run = !gathered                   ? a.data() + i * args.lda
                             : offsets[i * taps + t] < 0 ? zeros.data()
                                                         : a.data() + offsets[i * taps + t];
          for (int64_t p = 0; p < k; ++p) sum = std::fma(run[p], weight(t * k + p, j), sum);
        }
        y[i * args.ldc + j] = clamp(sum, args.lo, args.hi);
      }
    }
    return y;
  }

  // Rows in two calls, split at `split`.
  std::vector<float> run(const GemmF32Kernels& kernels, int64_t split) {
    std::vector<float> y = c;
    for (const auto& [begin, end] : {std::pair{int64_t{0}, split}, {split, m}}) {
      GemmF32Args part = args;
      part.m = end - begin;
      if (gathered) {
        part.offsets += begin * taps;
      } else {
        part.a += begin * args.lda;
      }
      part.c = y.data() + begin * args.ldc;
      kernels.run(part);
    }
    return y;
  }
};

TEST_P(GemmF32, EqualsDefinition) {
  const auto check = [&](int64_t m, int64_t n, int64_t k, int64_t taps, bool gather) {
    Product p(random, table().gemm_f32, m, n, k, taps, gather);
    const std::vector<float> expected = p.expected();
    for (int64_t split : {int64_t{0}, static_cast<int64_t>(pick(random, 0, static_cast<int>(m)))}) {
      ASSERT_EQ(first_difference(expected, p.run(table().gemm_f32, split)), -1)
          << "m " << m << " n " << n << " k " << k << " taps " << taps << " gather " << gather << " split " << split;
    }
  };
  for (int64_t m = 1; m <= 40; ++m) check(m, pick(random, 1, 70), pick(random, 1, 40), 1, false);
  for (int64_t n = 1; n <= 140; ++n) check(pick(random, 1, 17), n, pick(random, 1, 20), 1, n % 2 == 0);
  for (int64_t k = 1; k <= 40; ++k) check(pick(random, 1, 30), pick(random, 1, 40), k, pick(random, 1, 10), true);
  for (int64_t taps = 1; taps <= 26; ++taps)
    check(pick(random, 1, 30), pick(random, 1, 40), pick(random, 1, 5), taps, true);
}

TEST_P(GemmF32, DotEqualsItsDefinition) {
  for (int round = 0; round < 120; ++round) {
    DotF32Args args;
    args.m = pick(random, 1, 3), args.n = round < 40 ? round + 1 : pick(random, 1, 40);
    args.k = round < 80 ? round + 1 : pick(random, 1, 300);
    args.lda = args.k + pick(random, 0, 3), args.ldc = args.n + pick(random, 0, 3);
    const std::vector<float> a = normal_values(random, (args.m - 1) * args.lda + args.k),
                             b = normal_values(random, args.n * args.k), bias = normal_values(random, args.n);
    std::vector<float> c(static_cast<size_t>((args.m - 1) * args.ldc + args.n), 7.0f), expected = c;
    args.a = a.data(), args.b = b.data(), args.c = c.data();
    if (round % 2 == 0) args.bias = bias.data();
    if (round % 3 == 0) args.lo = 0.0f;
    if (round % 5 == 0) args.hi = 1.0f;
    for (int64_t m = 0; m < args.m; ++m)
      for (int64_t j = 0; j < args.n; ++j) {
        float s[16] = {};
        for (int64_t i = 0; i < args.k; ++i) s[i % 16] = std::fma(a[m * args.lda + i], b[j * args.k + i], s[i % 16]);
        for (int half = 8; half > 0; half /= 2)
          for (int l = 0; l < half; ++l) s[l] += s[l + half];
        expected[m * args.ldc + j] = clamp(s[0] + (args.bias ? bias[j] : 0.0f), args.lo, args.hi);
      }
    table().gemm_f32.dot(args);
    ASSERT_EQ(first_difference(expected, c), -1) << args.m << " " << args.n << " " << args.k;
  }
}

TEST_P(GemmF32, TapListAndMask) {
  for (int round = 0; round < 60; ++round) {
    const int64_t m = pick(random, 1, 30), n = pick(random, 1, 70), taps = pick(random, 1, 9),
                  entries = pick(random, 0, 12);
    const int64_t k = round % 10 == 0 ? 700 : pick(random, 1, 40);
    const std::vector<float> b = normal_values(random, taps * k * n), mask = normal_values(random, m * n);
    std::vector<float> packed(static_cast<size_t>(table().gemm_f32.packed_b_floats(n, taps * k)));
    PackBArgs pack;
    pack.rows = taps * k, pack.n = n, pack.b = b.data(), pack.row_stride = n, pack.packed = packed.data();
    table().gemm_f32.pack_b(pack);
    GemmF32Args args;
    args.m = m, args.n = n, args.k = k, args.taps = entries, args.lda = 50, args.ldc = n;
    const std::vector<float> a = normal_values(random, m * args.lda + 100 + k);
    std::vector<int32_t> list;
    for (int64_t e = 0; e < entries; ++e) {
      list.push_back(pick(random, 0, 100));
      list.push_back(pick(random, 0, static_cast<int>(taps) - 1));
    }
    list.push_back(0);  // an empty list is still a list
    args.a = a.data(), args.b = packed.data(), args.tap_list = list.data(), args.b_rows = taps * k;
    if (round % 2 == 0) args.mask = mask.data(), args.mask_hi = 1.0f;
    std::vector<float> c(static_cast<size_t>(m * n), 7.0f), expected = c;
    args.c = c.data();
    table().gemm_f32.run(args);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        float sum = 0;
        for (int64_t e = 0; e < entries; ++e)
          for (int64_t p = 0; p < k; ++p)
            sum = std::fma(a[i * args.lda + list[2 * e] + p], b[(list[2 * e + 1] * k + p) * n + j], sum);
        const float y = mask[i * n + j];
        expected[i * n + j] = args.mask == nullptr || (y > 0 && y < 1) ? sum : 0.0f;
      }
    }
    ASSERT_EQ(first_difference(expected, c), -1) << m << " " << n << " " << k << " " << entries;
  }
}

TEST_P(GemmF32, Transpose) {
  for (int round = 0; round < 80; ++round) {
    const int64_t rows = pick(random, 1, 50), columns = pick(random, 1, 50), ldx = columns + round % 3,
                  ldy = rows + round % 4;
    const std::vector<float> x = normal_values(random, (rows - 1) * ldx + columns);
    std::vector<float> y(static_cast<size_t>((columns - 1) * ldy + rows), 7.0f), expected = y;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) expected[j * ldy + i] = x[i * ldx + j];
    table().gemm_f32.transpose(x.data(), rows, columns, ldx, y.data(), ldy);
    ASSERT_EQ(first_difference(expected, y), -1) << rows << " " << columns;
  }
}

TEST_P(GemmF32, LongSumsGoThroughSweeps) {
  for (const auto& [k, taps] : {std::pair{7000, 1}, {1500, 5}, {3073, 1}, {4096, 1}}) {
    Product p(random, table().gemm_f32, 5, 37, k, taps, taps > 1);
    EXPECT_EQ(first_difference(p.expected(), p.run(table().gemm_f32, 0)), -1) << k << " x " << taps;
  }
}

TEST_P(GemmF32, ManyPanelsAndRows) {
  Product p(random, table().gemm_f32, 43, 700, 150, 1, false);
  EXPECT_EQ(first_difference(p.expected(), p.run(table().gemm_f32, 29)), -1);
}

TEST_P(GemmF32, NothingToSum) {
  Product p(random, table().gemm_f32, 9, 20, 3, 1, false);
  p.args.k = p.k = 0;
  EXPECT_EQ(first_difference(p.expected(), p.run(table().gemm_f32, 4)), -1);
}

TEST_P(GemmF32, NanStaysThroughClampAndPaddingHidesIt) {
  Product p(random, table().gemm_f32, 3, 5, 4, 2, true);
  p.args.accumulate = false;
  p.args.lo = 0, p.args.hi = 6;
  p.offsets = {0, 4, -1, 4, -1, -1};
  p.args.offsets = p.offsets.data();
  p.a[1] = std::nanf("");
  const std::vector<float> y = p.run(table().gemm_f32, 0);
  for (int64_t j = 0; j < 5; ++j) {
    EXPECT_TRUE(std::isnan(y[j]));
    EXPECT_FALSE(std::isnan(y[p.args.ldc + j]));
    EXPECT_FALSE(std::isnan(y[2 * p.args.ldc + j]));
  }
}

struct Gradient {
  int64_t m, n, k, taps;
  bool gathered;
  std::vector<float> a, b, c;
  std::vector<int32_t> offsets;
  GemmTnF32Args args;

  Gradient(Random& random, int64_t m_, int64_t n_, int64_t k_, int64_t taps_, bool gather)
      : m(m_), n(n_), k(k_), taps(taps_), gathered(gather) {
    args.m = m, args.n = n, args.k = k, args.taps = taps;
    args.lda = k + pick(random, 0, 2);
    args.ldb = n + pick(random, 0, 2);
    args.ldc = n + pick(random, 0, 2);
    args.accumulate = pick(random, 0, 1) != 0;
    a = normal_values(random, (m + 1) * args.lda);
    b = normal_values(random, (m - 1) * args.ldb + n);
    c = normal_values(random, (taps * k - 1) * args.ldc + n);
    if (gathered) {
      args.offset_stride = taps + pick(random, 0, 1);
      for (int64_t i = 0; i < m * args.offset_stride; ++i)
        offsets.push_back(pick(random, 0, 4) == 0 ? -1
                                                  : pick(random, 0, static_cast<int>(a.size()) - static_cast<int>(k)));
      args.offsets = offsets.data();
    } else {
      a.resize(static_cast<size_t>((m - 1) * args.lda + k));
    }
    args.a = a.data();
    args.b = b.data();
  }

  std::vector<float> expected() const {
    std::vector<float> y = c;
    for (int64_t t = 0; t < taps; ++t) {
      for (int64_t i = 0; i < k; ++i) {
        for (int64_t j = 0; j < n; ++j) {
          float& to = y[(t * k + i) * args.ldc + j];
          float sum = args.accumulate ? to : 0.0f;
          for (int64_t r = 0; r < m; ++r) {
            const int64_t o = gathered ? offsets[r * args.offset_stride + t] : r * args.lda;
            if (o >= 0) sum = std::fma(a[o + i], b[r * args.ldb + j], sum);
          }
          to = sum;
        }
      }
    }
    return y;
  }

  std::vector<float> run(const GemmF32Kernels& kernels) {
    std::vector<float> y = c;
    args.c = y.data();
    kernels.run_tn(args);
    return y;
  }
};

TEST_P(GemmF32, WeightGradientEqualsDefinition) {
  const auto check = [&](int64_t m, int64_t n, int64_t k, int64_t taps, bool gather) {
    Gradient g(random, m, n, k, taps, gather);
    ASSERT_EQ(first_difference(g.expected(), g.run(table().gemm_f32)), -1)
        << "m " << m << " n " << n << " k " << k << " taps " << taps << " gather " << gather;
  };
  for (int64_t m : {1, 2, 3, 191, 192, 193, 400}) check(m, pick(random, 1, 40), pick(random, 1, 40), 1, m % 2 == 0);
  for (int64_t n = 1; n <= 140; ++n) check(pick(random, 1, 20), n, pick(random, 1, 20), 1, n % 2 == 0);
  for (int64_t k = 1; k <= 40; ++k) check(pick(random, 1, 20), pick(random, 1, 40), k, 1, k % 2 == 0);
  for (int64_t k = 1; k <= 10; ++k) check(pick(random, 1, 220), pick(random, 1, 40), k, 9, true);
  for (int64_t taps = 1; taps <= 26; ++taps)
    check(pick(random, 1, 20), pick(random, 1, 70), pick(random, 1, 4), taps, true);
}

TEST_P(GemmF32, TapsTogetherEqualTapsApart) {
  Gradient g(random, 300, 33, 3, 9, true);
  const std::vector<float> together = g.run(table().gemm_f32);
  std::vector<float> apart = g.c;
  for (int64_t t = 0; t < g.taps; ++t) {
    GemmTnF32Args one = g.args;
    one.taps = 1;
    one.offsets = g.offsets.data() + t;
    one.c = apart.data() + t * g.k * g.args.ldc;
    table().gemm_f32.run_tn(one);
  }
  EXPECT_EQ(first_difference(together, apart), -1);
}

TEST_P(GemmF32, EmptyGradient) {
  Gradient g(random, 3, 10, 5, 1, false);
  g.args.m = g.m = 0;
  EXPECT_EQ(first_difference(g.expected(), g.run(table().gemm_f32)), -1);
}

THIMBLE_EVERY_TABLE(GemmF32);

}  // namespace
}  // namespace thimble
