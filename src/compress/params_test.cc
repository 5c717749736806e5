#include "compress/params.h"

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

}  // namespace
}  // namespace thimble
