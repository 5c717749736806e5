// Contract of the elementwise int8 kernels, for every table that this machine can run: every pair of
// bytes against a definition in 64-bit arithmetic.
#include "kernels/elementwise_s8.h"

#include <gtest/gtest.h>

#include "kernels/s8_test_util.h"

namespace thimble {
namespace {

using namespace s8_test;

enum class Op { add, sub, mul };

int32_t expected(Op op, const ElementwiseS8Args& e, uint8_t a_byte, uint8_t b_byte) {
  const int64_t a = (e.bytes_unsigned ? int64_t{a_byte} : int64_t{static_cast<int8_t>(a_byte)}) - e.a_zero_point;
  const int64_t b = (e.bytes_unsigned ? int64_t{b_byte} : int64_t{static_cast<int8_t>(b_byte)}) - e.b_zero_point;
  int64_t x = a * b;
  if (op != Op::mul) {
    const int64_t power = int64_t{1} << e.left_shift;
    const int64_t a_scaled = expected_requant(wrap(a * power), e.a_multiplier, e.a_shift);
    const int64_t b_scaled = expected_requant(wrap(b * power), e.b_multiplier, e.b_shift);
    x = op == Op::add ? a_scaled + b_scaled : a_scaled - b_scaled;
  }
  const int32_t v = wrap(int64_t{expected_requant(wrap(x), e.multiplier, e.shift)} + e.zero_point);
  return static_cast<uint8_t>(std::clamp(v, e.lo, e.hi)) ^ e.flip;
}

// Parameters as a converter makes them from scales; wild ones anything.
ElementwiseS8Args parameters(Random& random, Op op, bool is_unsigned, bool wild) {
  ElementwiseS8Args e;
  e.bytes_unsigned = is_unsigned;
  e.lo = is_unsigned ? 0 : -128;
  e.hi = is_unsigned ? 255 : 127;
  e.a_zero_point = pick(random, e.lo, e.hi);
  e.b_zero_point = pick(random, e.lo, e.hi);
  e.zero_point = pick(random, e.lo, e.hi);
  const auto multiplier = [&] {
    if (wild && pick(random, 0, 3) == 0) return std::numeric_limits<int32_t>::min();
    return wild ? static_cast<int32_t>(random()) : pick(random, 1 << 30, std::numeric_limits<int32_t>::max());
  };
  e.a_multiplier = multiplier();
  e.b_multiplier = multiplier();
  e.multiplier = multiplier();
  e.a_shift = wild ? pick(random, -31, 8) : pick(random, -6, 0);
  e.b_shift = wild ? pick(random, -31, 8) : pick(random, -6, 0);
  e.shift = wild ? pick(random, -31, 8) : op == Op::mul ? pick(random, -9, -5) : pick(random, -20, -17);
  if (pick(random, 0, 2) == 0) e.lo = e.zero_point;
  if (pick(random, 0, 2) == 0) e.flip = 0x80;
  return e;
}

class ElementwiseS8 : public testing::TestWithParam<const KernelTable*> {
 protected:
  void run(Op op, const ElementwiseS8Args& e) const {
    const ElementwiseS8Kernels& kernels = GetParam()->elementwise_s8;
    (op == Op::add ? kernels.add : op == Op::sub ? kernels.sub : kernels.mul)(e);
  }
};

TEST_P(ElementwiseS8, EveryPairOfBytes) {
  std::vector<uint8_t> a(65536), b(65536), y(65536);
  for (int i = 0; i < 65536; ++i) {
    a[i] = static_cast<uint8_t>(i);
    b[i] = static_cast<uint8_t>(i >> 8);
  }
  Random random(1);
  for (int trial = 0; trial < 30; ++trial) {
    const Op op = static_cast<Op>(trial % 3);
    ElementwiseS8Args e = parameters(random, op, trial % 2 != 0, trial % 5 == 0);
    e.n = 65536;
    e.a = a.data();
    e.b = b.data();
    e.y = y.data();
    run(op, e);
    for (int i = 0; i < 65536; ++i)
      ASSERT_EQ(int{y[i]}, expected(op, e, a[i], b[i]))
          << "trial " << trial << " bytes " << int{a[i]} << " " << int{b[i]};
  }
}

// Bit 0 and 1 of `form`: whether a and b go on within a row; 2 and 3: from row to row.
TEST_P(ElementwiseS8, LengthsBroadcastsAndInPlace) {
  Random random(2);
  for (int64_t n : {0, 1, 7, 8, 9, 15, 16, 17, 33, 100}) {
    for (int form = 0; form < 16; ++form) {
      for (Op op : {Op::add, Op::sub, Op::mul}) {
        ElementwiseS8Args e = parameters(random, op, form % 2 != 0, false);
        e.rows = form < 4 ? 1 : 3;
        e.n = n;
        e.a_step = form & 1;
        e.b_step = form >> 1 & 1;
        const int64_t a_width = e.a_step != 0 ? n : 1, b_width = e.b_step != 0 ? n : 1;
        e.a_row = form & 4 ? a_width : 0;
        e.b_row = form & 8 ? b_width : 0;
        std::vector<uint8_t> a(a_width * (form & 4 ? 3 : 1)), b(b_width * (form & 8 ? 3 : 1)), y(e.rows * n + 1, 0xA5);
        fill_bytes(random, Fill::random, a.data(), static_cast<int64_t>(a.size()));
        fill_bytes(random, Fill::random, b.data(), static_cast<int64_t>(b.size()));
        e.a = a.data();
        e.b = b.data();
        e.y = y.data();
        run(op, e);
        for (int64_t r = 0; r < e.rows; ++r)
          for (int64_t i = 0; i < n; ++i)
            ASSERT_EQ(int{y[r * n + i]}, expected(op, e, a[r * e.a_row + i * e.a_step], b[r * e.b_row + i * e.b_step]))
                << "element " << i << " of " << n << ", row " << r << ", form " << form;
        ASSERT_EQ(y[e.rows * n], 0xA5);
        if (e.a_step == 1 && (e.rows == 1 || e.a_row == n)) {
          e.y = a.data();
          run(op, e);
          ASSERT_TRUE(std::equal(a.begin(), a.end(), y.begin()));
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, ElementwiseS8,
                         testing::ValuesIn(available_kernels().begin(), available_kernels().end()), isa_label);

}  // namespace
}  // namespace thimble
