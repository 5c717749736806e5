#include "compress/quantize/params.h"

#include <gtest/gtest.h>

#include <cmath>

namespace thimble {
namespace {

Tensor floats(Shape shape, const std::vector<float>& values) {
  return {.name = "w", .shape = shape, .data = Data::of(std::span<const float>(values))};
}

TEST(ActivationQuantization, ZeroIsExactAndTheRangeFits) {
  const Quantization q = activation_quantization({-1, 3});
  EXPECT_FLOAT_EQ(q.scale[0], 4.0f / 255);
  EXPECT_EQ(q.zero_point[0], -64);  // -128 + 63.75
  EXPECT_EQ(activation_quantization({0, 6}).zero_point[0], -128);
  EXPECT_EQ(activation_quantization({-6, 0}).zero_point[0], 127);
  // Ranges that do not hold 0 are widened.
  EXPECT_FLOAT_EQ(activation_quantization({2, 4}).scale[0], 4.0f / 255);
  EXPECT_EQ(activation_quantization({2, 4}).zero_point[0], -128);
}

TEST(ActivationQuantization, EmptyAndTinyRangesGiveUsableScales) {
  EXPECT_EQ(activation_quantization({0, 0}).scale[0], 1);
  const Quantization tiny = activation_quantization({0, 1e-30f});
  EXPECT_GT(tiny.scale[0], 1e-10f);
}

TEST(ShortScale, KeepsSoManyBitsOfTheMantissa) {
  EXPECT_EQ(short_scale(0.3f, 23, true), 0.3f);
  EXPECT_EQ(short_scale(0.3f, 0, false), 0.25f);
  EXPECT_EQ(short_scale(0.3f, 0, true), 0.5f);
  EXPECT_EQ(short_scale(0.4f, 0, false), 0.5f);  // over the middle: the carry goes into the exponent
  EXPECT_EQ(short_scale(0.3f, 2, false), 0.3125f);
  EXPECT_EQ(short_scale(0.3125f, 2, true), 0.3125f);
  EXPECT_EQ(short_scale(0.99f, 1, false), 1.0f);
}

TEST(ShortScale, HoldsRangesWeightsAndBiases) {
  const Quantization q = activation_quantization({-1, 3}, 1);
  EXPECT_EQ(q.scale[0], 0.0234375f);  // 4/255 = 0.01569 → 1.5 · 2^-6
  EXPECT_EQ(q.zero_point[0], -85);    // −128 + 42.67
  const Tensor w = floats({2, 2}, {1, -2, 0.5f, -20}), bias = floats({2}, {0.7f, -3});
  const Tensor whole = quantize_weights(w, 0, &bias, 0.01, {.scale_bits = 0});
  EXPECT_EQ(whole.quant.scale[0], 0.03125f);  // 2/127 = 0.01575 is above 2^-6
  const std::vector<float> given = {0.017f, 0.15f};
  const Tensor nearest = quantize_weights(w, 0, &bias, 0.01, {.bits = 4, .scale = given, .scale_bits = 0});
  EXPECT_EQ(nearest.quant.scale[0], 0.015625f);
  EXPECT_EQ(nearest.quant.scale[1], 0.125f);
}

TEST(QuantizeBias, FewBitsAreMultiplesOfAPowerOfTwo) {
  const Tensor bias = floats({4}, {1.0f, -0.5f, 0.013f, 0.3f});
  const Quantization one{{0.001f}, {0}};
  const auto exact = quantize_bias(bias, 1, one), few = quantize_bias(bias, 1, one, 6);
  const auto e = exact.data.as<int32_t>(), f = few.data.as<int32_t>();
  EXPECT_EQ(e[2], 13);
  EXPECT_EQ(f[0], 992);  // 31 · 32: the largest magnitude of 5 bits
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(f[i] % 32, 0);
    EXPECT_LE(std::abs(f[i] - e[i]), 16);
  }
  EXPECT_EQ(quantize_bias(floats({2}, {0, 0}), 1, one, 2).data.as<int32_t>()[0], 0);
}

TEST(QuantizeWeights, PerChannelOnEitherEnd) {
  const Tensor w = floats({2, 3}, {1, -2, 0.5f, 10, 5, -20});
  const Tensor rows = quantize_weights(w, 0);
  EXPECT_FLOAT_EQ(rows.quant.scale[0], 2.0f / 127);
  EXPECT_FLOAT_EQ(rows.quant.scale[1], 20.0f / 127);
  EXPECT_EQ(rows.quant.axis, 0);
  const auto q = rows.data.as<int8_t>();
  EXPECT_EQ(q[1], -127);
  EXPECT_EQ(q[5], -127);
  EXPECT_EQ(q[0], 64);  // 63.5 rounds away from zero
  const Tensor columns = quantize_weights(w, 1);
  EXPECT_EQ(columns.quant.scale.size(), 3u);
  EXPECT_FLOAT_EQ(columns.quant.scale[1], 5.0f / 127);
  EXPECT_EQ(columns.data.as<int8_t>()[3], 127);
  EXPECT_EQ(quantize_weights(w, -1).quant.scale.size(), 1u);
}

TEST(QuantizeWeights, ZeroChannelKeepsItsBiasExact) {
  const Tensor w = floats({2, 2}, {0, 0, 1, 1}), bias = floats({2}, {0.3f, 0});
  const Tensor q = quantize_weights(w, 0, &bias, 0.01);
  const Tensor b = quantize_bias(bias, 0.01f, q.quant);
  EXPECT_GT(q.quant.scale[0], 0);
  EXPECT_NEAR(b.data.as<int32_t>()[0] * static_cast<double>(b.quant.scale[0]), 0.3, 1e-6);
  EXPECT_EQ(q.data.as<int8_t>()[0], 0);
}

TEST(QuantizeWeights, ScaleGrowsUntilTheBiasFits) {
  const Tensor w = floats({1, 2}, {1e-7f, -1e-7f}), bias = floats({1}, {1000});
  const Tensor q = quantize_weights(w, 0, &bias, 0.01);
  const Tensor b = quantize_bias(bias, 0.01f, q.quant);
  EXPECT_LE(std::abs(b.data.as<int32_t>()[0]), (1 << 30) + 1000);
  EXPECT_NEAR(b.data.as<int32_t>()[0] * static_cast<double>(b.quant.scale[0]), 1000, 1e-3);
}

TEST(QuantizeConstant, RoundsHalfAwayFromZeroAndSaturates) {
  const Tensor t = floats({4}, {0.025f, -0.025f, 100, -100});
  const Tensor q = quantize_constant(t, {{0.05f}, {0}});
  const auto v = q.data.as<int8_t>();
  EXPECT_EQ(v[0], 1);
  EXPECT_EQ(v[1], -1);
  EXPECT_EQ(v[2], 127);
  EXPECT_EQ(v[3], -128);
}

TEST(QuantizeWeights, LevelsOfFewBits) {
  EXPECT_EQ(weight_levels(8).low, -127);
  EXPECT_EQ(weight_levels(4).high, 7);
  EXPECT_EQ(weight_levels(3).low, -3);
  EXPECT_EQ(weight_levels(2).low, -2);
  EXPECT_EQ(weight_levels(2).high, 1);
  EXPECT_EQ(weight_levels(1).low, -1);
  EXPECT_EQ(weight_levels(1).high, 1);
  const Tensor w = floats({2, 4}, {1, -2, 0.5f, 0, 10, 5, -20, 3});
  for (int bits : {8, 6, 4, 3, 2, 1}) {
    const Tensor q = quantize_weights(w, 0, nullptr, 0, {bits});
    const Levels levels = weight_levels(bits);
    for (int8_t v : q.data.as<int8_t>()) {
      EXPECT_GE(v, levels.low);
      EXPECT_LE(v, levels.high);
    }
    EXPECT_EQ(q.data.as<int8_t>()[3], 0) << "zeros stay";
  }
}

TEST(QuantizeWeights, FittedScalesBeatTheWholeRange) {
  // A bell curve: at few bits most of the error is rounding, so that tails are better cut.
  std::vector<float> values;
  for (int i = 0; i < 4000; ++i) {
    double sum = 0;
    for (int k = 0; k < 12; ++k) sum += static_cast<double>((i * 12 + k) * 2654435761u % 1000u) / 1000.0;
    values.push_back(static_cast<float>(sum - 6));
  }
  const auto error = [&](double scale, Levels levels) {
    double sum = 0;
    for (float v : values) {
      const double q = std::min(std::max(std::round(v / scale), double(levels.low)), double(levels.high));
      sum += (v - q * scale) * (v - q * scale);
    }
    return sum;
  };
  float largest = 0;
  for (float v : values) largest = std::max(largest, std::fabs(v));
  for (int bits : {4, 2, 1}) {
    const Levels levels = weight_levels(bits);
    const double fitted = fit_scale(values, levels);
    EXPECT_LT(error(fitted, levels), error(static_cast<double>(largest) / levels.high, levels)) << bits;
    // Not far from the best of a fine grid.
    double best = INFINITY;
    for (int i = 1; i <= 400; ++i)
      best = std::min(best, error(static_cast<double>(largest) * i / 400.0 / levels.high, levels));
    EXPECT_LT(error(fitted, levels), 1.05 * best) << bits;
  }
  EXPECT_EQ(fit_scale(std::vector<float>(9, 0.0f), weight_levels(4)), 0);
}

TEST(QuantizeWeights, GivenScalesAreTaken) {
  const Tensor w = floats({2, 2}, {1, -2, 10, 5});
  const std::vector<float> scale{0.5f, 2};
  const Tensor q = quantize_weights(w, 0, nullptr, 0, {4, scale});
  EXPECT_EQ(q.quant.scale, scale);
  const auto v = q.data.as<int8_t>();
  EXPECT_EQ(v[0], 2);
  EXPECT_EQ(v[1], -4);
  EXPECT_EQ(v[2], 5);
  EXPECT_EQ(v[3], 3);  // 2.5 rounds away from zero
}

}  // namespace
}  // namespace thimble
