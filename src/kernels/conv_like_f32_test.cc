// Contract of float32 depthwise convolution, its weight gradient, and pooling: bit-equal to loops in
// plain C++ over random pixel tables with padding.
#include <algorithm>

#include "kernels/depthwise.h"
#include "kernels/f32_test_util.h"
#include "kernels/pool.h"

namespace thimble {
namespace {

using namespace f32_test;

struct Pixels {
  int64_t m, channels, taps;
  std::vector<float> x;
  std::vector<int32_t> offsets;

  Pixels(Random& random, int64_t m_, int64_t channels_, int64_t taps_) : m(m_), channels(channels_), taps(taps_) {
    const int pixels = pick(random, 1, 30);
    x = normal_values(random, pixels * channels);
    for (float& v : x) v = std::round(v * 4) / 4;  // ties
    for (int64_t i = 0; i < m * taps; ++i)
      offsets.push_back(pick(random, 0, 3) == 0 ? -1 : pick(random, 0, pixels - 1) * static_cast<int>(channels));
  }
  int32_t offset(int64_t i, int64_t t) const { return offsets[static_cast<size_t>(i * taps + t)]; }
};

// Calls check(pixels) for many shapes.
template <class Check>
void for_shapes(Random& random, Check check) {
  for (int64_t channels = 1; channels <= 70; ++channels)
    check(Pixels(random, pick(random, 1, 20), channels, pick(random, 1, 12)));
  for (int64_t taps = 1; taps <= 26; ++taps) check(Pixels(random, pick(random, 1, 20), pick(random, 1, 40), taps));
  for (int64_t m = 0; m <= 20; ++m) check(Pixels(random, m, pick(random, 1, 40), pick(random, 1, 12)));
}

class DepthwiseF32 : public TableTest {};
class PoolF32 : public TableTest {};

TEST_P(DepthwiseF32, EqualsDefinition) {
  for_shapes(random, [&](const Pixels& p) {
    const std::vector<float> w = normal_values(random, p.taps * p.channels), bias = normal_values(random, p.channels);
    DepthwiseF32Args a;
    a.m = p.m, a.channels = p.channels, a.taps = p.taps, a.x = p.x.data(), a.offsets = p.offsets.data(), a.w = w.data();
    a.bias = p.m % 2 == 0 ? bias.data() : nullptr;
    a.ldy = p.channels + p.taps % 2;
    if (p.taps % 3 == 0) a.lo = 0, a.hi = 1;
    std::vector<float> y(static_cast<size_t>(p.m * a.ldy), 5.0f), expected = y;
    a.y = y.data();
    table().depthwise.f32(a);
    for (int64_t i = 0; i < p.m; ++i) {
      for (int64_t c = 0; c < p.channels; ++c) {
        float sum = a.bias != nullptr ? bias[c] : 0.0f;
        for (int64_t t = 0; t < p.taps; ++t)
          if (p.offset(i, t) >= 0) sum = std::fma(p.x[p.offset(i, t) + c], w[t * p.channels + c], sum);
        expected[i * a.ldy + c] = sum < a.lo ? a.lo : a.hi < sum ? a.hi : sum;
      }
    }
    ASSERT_EQ(first_difference(expected, y), -1) << p.m << " " << p.channels << " " << p.taps;
  });
}

TEST_P(DepthwiseF32, WeightGradientEqualsDefinition) {
  for_shapes(random, [&](const Pixels& p) {
    DepthwiseGradWF32Args a;
    a.m = p.m, a.channels = p.channels, a.taps = p.taps, a.x = p.x.data(), a.offsets = p.offsets.data();
    a.lddy = p.channels + p.taps % 2;
    const std::vector<float> dy = normal_values(random, p.m * a.lddy);
    std::vector<float> dw = normal_values(random, p.taps * p.channels), expected = dw;
    a.dy = dy.data();
    a.dw = dw.data();
    table().depthwise.grad_w_f32(a);
    for (int64_t i = 0; i < p.m; ++i)
      for (int64_t t = 0; t < p.taps; ++t)
        for (int64_t c = 0; c < p.channels && p.offset(i, t) >= 0; ++c) {
          float& to = expected[t * p.channels + c];
          to = std::fma(p.x[p.offset(i, t) + c], dy[i * a.lddy + c], to);
        }
    ASSERT_EQ(first_difference(expected, dw), -1) << p.m << " " << p.channels << " " << p.taps;
  });
}

TEST_P(PoolF32, EqualsDefinition) {
  for_shapes(random, [&](const Pixels& p) {
    PoolF32Args a;
    a.m = p.m, a.channels = p.channels, a.taps = p.taps, a.x = p.x.data(), a.offsets = p.offsets.data();
    if (p.taps % 3 == 0) a.lo = 0, a.hi = 1;
    std::vector<float> top(static_cast<size_t>(p.m * p.channels)), mean(top.size()), expected_top, expected_mean;
    a.y = top.data();
    table().pool.max_f32(a);
    a.y = mean.data();
    table().pool.average_f32(a);
    for (int64_t i = 0; i < p.m; ++i) {
      for (int64_t c = 0; c < p.channels; ++c) {
        float best = std::numeric_limits<float>::lowest(), sum = 0;
        int count = 0;
        for (int64_t t = 0; t < p.taps; ++t) {
          if (p.offset(i, t) < 0) continue;
          const float v = p.x[p.offset(i, t) + c];
          best = v > best ? v : best;
          sum += v;
          ++count;
        }
        const float average = count > 0 ? sum / static_cast<float>(count) : 0.0f;
        expected_top.push_back(best < a.lo ? a.lo : a.hi < best ? a.hi : best);
        expected_mean.push_back(average < a.lo ? a.lo : a.hi < average ? a.hi : average);
      }
    }
    ASSERT_EQ(first_difference(expected_mean, mean), -1) << p.m << " " << p.channels << " " << p.taps;
    for (size_t i = 0; i < top.size(); ++i) ASSERT_EQ(top[i], expected_top[i]);  // −0 or +0 may win
  });
}

TEST_P(PoolF32, MaxGradientGoesToTheFirstWinner) {
  for_shapes(random, [&](const Pixels& p) {
    const std::vector<float> dy = normal_values(random, p.m * p.channels);
    std::vector<float> dx(p.x.size(), 0.0f), expected = dx;
    MaxPoolGradF32Args a;
    a.m = p.m, a.channels = p.channels, a.taps = p.taps, a.x = p.x.data(), a.offsets = p.offsets.data();
    a.dy = dy.data(), a.dx = dx.data();
    table().pool.max_grad_f32(a);
    for (int64_t i = 0; i < p.m; ++i) {
      for (int64_t c = 0; c < p.channels; ++c) {
        int32_t winner = -1;
        for (int64_t t = 0; t < p.taps; ++t) {
          const int32_t o = p.offset(i, t);
          if (o >= 0 && (winner < 0 || p.x[o + c] > p.x[winner + c])) winner = o;
        }
        if (winner >= 0) expected[winner + c] += dy[i * p.channels + c];
      }
    }
    // A pixel that a window names twice may get its share in the other order: tolerance, not bits.
    for (size_t i = 0; i < dx.size(); ++i) ASSERT_NEAR(dx[i], expected[i], 1e-5);
  });
}

TEST_P(PoolF32, MaxGradientOfDisjointWindowsThroughAClamp) {
  for (int64_t channels = 1; channels <= 70; ++channels) {
    const int64_t m = pick(random, 1, 9), taps = 4;
    std::vector<float> x = normal_values(random, m * taps * channels);
    for (float& v : x) v = std::max(v, 0.0f);
    const std::vector<float> dy = normal_values(random, m * channels);
    std::vector<int32_t> offsets;
    for (int64_t i = 0; i < m * taps; ++i)
      offsets.push_back(pick(random, 0, 5) == 0 ? -1 : static_cast<int32_t>(i * channels));
    std::vector<float> dx(x.size(), 9.0f), expected = dx;
    MaxPoolGradF32Args a;
    a.m = m, a.channels = channels, a.taps = taps, a.x = x.data(), a.offsets = offsets.data(), a.dy = dy.data();
    a.dx = dx.data(), a.disjoint = true, a.lo = 0;
    table().pool.max_grad_f32(a);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t c = 0; c < channels; ++c) {
        int32_t winner = -1;
        for (int64_t t = 0; t < taps; ++t) {
          const int32_t o = offsets[i * taps + t];
          if (o < 0) continue;
          expected[o + c] = 0;
          if (winner < 0 || x[o + c] > x[winner + c]) winner = o;
        }
        if (winner >= 0 && x[winner + c] > 0) expected[winner + c] = dy[i * channels + c];
      }
    }
    ASSERT_EQ(first_difference(expected, dx), -1) << channels;
  }
}

THIMBLE_EVERY_TABLE(DepthwiseF32);
THIMBLE_EVERY_TABLE(PoolF32);

}  // namespace
}  // namespace thimble
