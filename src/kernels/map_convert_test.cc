// Contract of the binary functions, byte tables and conversions, against definitions in plain C++.
#include <algorithm>
#include <cmath>

#include "base/half.h"
#include "kernels/f32_test_util.h"
#include "kernels/map.h"

namespace thimble {
namespace {

using namespace f32_test;

class MapConvert : public TableTest {};

float expected_binary(BinaryFn fn, float a, float b) {
  switch (fn) {
    case BinaryFn::add: return a + b;
    case BinaryFn::sub: return a - b;
    case BinaryFn::mul: return a * b;
    case BinaryFn::div: return a / b;
    case BinaryFn::maximum: return a > b ? a : b;
    case BinaryFn::minimum: return a < b ? a : b;
    case BinaryFn::squared_difference: return (a - b) * (a - b);
    case BinaryFn::count: break;
  }
  return NAN;
}

TEST_P(MapConvert, BinaryEqualsDefinition) {
  const float special[] = {0.0f, -0.0f, NAN, INFINITY, -INFINITY, 1e-45f, 3e38f};
  for (int fn = 0; fn < static_cast<int>(BinaryFn::count); ++fn) {
    for (int64_t n = 0; n <= 40; ++n) {
      const int sa = pick(random, 0, 1), sb = pick(random, 0, 1);
      std::vector<float> a = normal_values(random, sa != 0 ? n : 1), b = normal_values(random, sb != 0 ? n : 1);
      for (float& v : a) v = pick(random, 0, 5) == 0 ? special[pick(random, 0, 6)] : v;
      for (float& v : b) v = pick(random, 0, 5) == 0 ? special[pick(random, 0, 6)] : v;
      const float lo = n % 3 == 0 ? 0.0f : -INFINITY, hi = n % 4 == 0 ? 1.0f : INFINITY;
      std::vector<float> y(static_cast<size_t>(n)), expected;
      for (int64_t i = 0; i < n; ++i) {
        const float v =
            expected_binary(static_cast<BinaryFn>(fn), a[static_cast<size_t>(i * sa)], b[static_cast<size_t>(i * sb)]);
        expected.push_back(v < lo ? lo : hi < v ? hi : v);
      }
      table().map.binary_f32[fn](a.data(), sa, b.data(), sb, y.data(), n, lo, hi);
      ASSERT_EQ(first_difference(expected, y), -1) << "function " << fn << " n " << n << " strides " << sa << sb;
    }
  }
}

TEST_P(MapConvert, ClampGradient) {
  for (int64_t n = 0; n <= 70; ++n) {
    std::vector<float> y = normal_values(random, n), dy = normal_values(random, n), dx(y.size(), 9.0f), expected;
    for (float& v : y) v = pick(random, 0, 3) == 0 ? 0.0f : pick(random, 0, 9) == 0 ? NAN : v;
    const float hi = n % 2 == 0 ? 1.0f : INFINITY;
    for (size_t i = 0; i < y.size(); ++i) expected.push_back(y[i] > 0.0f && y[i] < hi ? dy[i] : 0.0f);
    table().map.clamp_grad_f32(y.data(), dy.data(), dx.data(), n, 0.0f, hi);
    ASSERT_EQ(first_difference(expected, dx), -1) << n;
  }
}

TEST_P(MapConvert, DropoutKeepsByTheHashOfItsGroup) {
  const uint64_t key = 0x123456789abcdef1ull;
  for (int64_t end : {0, 1, 3, 4, 17, 64, 255, 256, 257, 1000}) {
    for (int64_t begin : {0, 4, 64}) {
      if (begin > end) continue;
      std::vector<float> x = normal_values(random, end), y(x.size(), 9.0f), expected = y;
      for (int64_t i = begin; i < end; ++i) {
        uint64_t h = key + static_cast<uint64_t>(i / 4 * 4) * 0x9e3779b97f4a7c15ull;
        h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ull;
        h = (h ^ (h >> 27)) * 0x94d049bb133111ebull;
        h ^= h >> 31;
        expected[i] = ((h >> (16 * (i % 4))) & 0xffff) >= 20000 ? x[i] * 1.25f : 0.0f;
      }
      table().map.dropout_f32(x.data(), y.data(), begin, end, key, 20000, 1.25f);
      ASSERT_EQ(first_difference(expected, y), -1) << begin << " " << end;
    }
  }
}

TEST_P(MapConvert, ByteTable) {
  uint8_t bytes[256];
  for (uint8_t& v : bytes) v = static_cast<uint8_t>(pick(random, 0, 255));
  for (int64_t n : {0, 1, 15, 16, 64, 300}) {
    std::vector<uint8_t> x, y(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<uint8_t>(pick(random, 0, 255)));
    table().map.lut_u8(x.data(), y.data(), n, bytes);
    for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], bytes[x[i]]);
  }
}

TEST_P(MapConvert, EveryHalfToFloat) {
  std::vector<uint16_t> x(65536);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint16_t>(i);
  std::vector<float> y(x.size());
  table().map.f16_to_f32(x.data(), y.data(), 65536);
  for (size_t i = 0; i < x.size(); ++i) ASSERT_TRUE(same_bits(y[i], half_to_float(x[i]))) << i;
  for (int64_t n = 0; n < 40; ++n) {
    std::vector<float> part(static_cast<size_t>(n));
    table().map.f16_to_f32(x.data() + 15000, part.data(), n);
    EXPECT_EQ(first_difference(part, {y.begin() + 15000, y.begin() + 15000 + n}), -1);
  }
}

TEST_P(MapConvert, QuantizeRoundsHalfAwayFromZero) {
  const float scale = 0.05f;
  std::vector<float> x = {0.025f, -0.025f, 0.0749f, 1e30f, -1e30f, INFINITY, -INFINITY, 0.0f};
  for (int i = -3000; i < 3000; ++i) x.push_back(0.0025f * static_cast<float>(i));
  for (int32_t zero_point : {0, -128, 127, -3}) {
    for (size_t n : {x.size(), size_t{1}, size_t{7}, size_t{15}, size_t{33}}) {
      std::vector<int8_t> q(n);
      table().map.quantize_s8(x.data(), q.data(), static_cast<int64_t>(n), scale, zero_point);
      std::vector<float> back(n);
      table().map.dequantize_s8(q.data(), back.data(), static_cast<int64_t>(n), scale, zero_point);
      for (size_t i = 0; i < n; ++i) {
        const double rounded = double{std::round(x[i] / scale)} + zero_point;
        ASSERT_EQ(q[i], std::clamp(rounded, -128.0, 127.0)) << x[i];
        ASSERT_EQ(back[i], scale * static_cast<float>(q[i] - zero_point));
      }
    }
  }
}

TEST_P(MapConvert, QuantizeRow) {
  for (int64_t n = 1; n <= 70; ++n) {
    const std::vector<float> x = normal_values(random, n);
    float top = 0;
    for (float v : x) top = std::max(top, std::abs(v));
    std::vector<uint8_t> q(static_cast<size_t>(n) + 1, 9);
    EXPECT_EQ(table().map.quantize_row(x.data(), q.data(), n), top / 127.0f);
    for (int64_t i = 0; i < n; ++i) {
      const float rounded = std::round(x[static_cast<size_t>(i)] * (127.0f / top));
      EXPECT_EQ(q[static_cast<size_t>(i)], static_cast<int>(std::clamp(rounded, -127.0f, 127.0f)) + 128);
    }
    EXPECT_EQ(q.back(), 9);
  }
  const std::vector<float> zeros(20, 0.0f);
  std::vector<uint8_t> q(20);
  EXPECT_EQ(table().map.quantize_row(zeros.data(), q.data(), 20), 1.0f);
  for (uint8_t v : q) EXPECT_EQ(v, 128);
}

TEST_P(MapConvert, AsymmetricQuantisation) {
  for (int64_t n = 1; n <= 70; ++n) {
    std::vector<float> x = normal_values(random, n);
    if (n % 7 == 0) x[static_cast<size_t>(n / 2)] = NAN;
    if (n % 11 == 0) x[0] = INFINITY;
    float lo = 0, hi = 0, got_lo = 1, got_hi = -1;
    for (const float v : x) lo = std::min(lo, v), hi = std::max(hi, v);
    table().map.range(x.data(), n, &got_lo, &got_hi);
    EXPECT_EQ(got_lo, lo);
    EXPECT_EQ(got_hi, hi);
    for (const int32_t zero : {-128, -17, 0, 127}) {
      const float inverse = 255 / (hi - lo);
      std::vector<uint8_t> q(static_cast<size_t>(n) + 1, 9);
      std::vector<float> centred(static_cast<size_t>(n) + 1, 9);
      table().map.quantize_shifted(x.data(), q.data(), n, inverse, zero);
      table().map.quantize_centred(x.data(), centred.data(), n, inverse, zero);
      for (size_t i = 0; i < x.size(); ++i) {
        const float v = std::round(x[i] * inverse) + static_cast<float>(zero);
        const int want = std::isnan(v) ? -128 : static_cast<int>(std::clamp(v, -128.0f, 127.0f));
        ASSERT_EQ(q[i], want + 128) << x[i] << " " << inverse << " " << zero;
        ASSERT_EQ(centred[i], static_cast<float>(want - zero));
      }
      EXPECT_EQ(q.back(), 9);
      EXPECT_EQ(centred.back(), 9);
    }
  }
}

TEST_P(MapConvert, ScaleColumns) {
  for (int64_t n = 1; n <= 40; ++n) {
    const std::vector<float> y = normal_values(random, 3 * n), factor = normal_values(random, n),
                             bias = normal_values(random, n);
    for (const bool with_bias : {true, false}) {
      std::vector<float> got = y;
      got.push_back(9);
      table().map.scale_columns(got.data(), 3, n, factor.data(), with_bias ? bias.data() : nullptr, -0.75f, 1.5f);
      for (size_t i = 0; i < y.size(); ++i) {
        const size_t c = i % static_cast<size_t>(n);
        const float scaled = y[i] * factor[c];
        ASSERT_EQ(got[i], std::clamp(with_bias ? scaled + bias[c] : scaled, -0.75f, 1.5f));
      }
      EXPECT_EQ(got.back(), 9);
    }
  }
}

THIMBLE_EVERY_TABLE(MapConvert);

}  // namespace
}  // namespace thimble
