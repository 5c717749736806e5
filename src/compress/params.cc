#include "compress/params.h"

#include <algorithm>
#include <cmath>

namespace thimble {
namespace {

// Below this a scale would make the multipliers of the next operator overflow.
constexpr float kSmallestScale = 1e-9f;

Tensor with_data(const Tensor& like, DType type, Quantization quant, Data data) {
  return {.name = like.name, .type = type, .shape = like.shape, .quant = std::move(quant), .data = std::move(data)};
}

}  // namespace

Quantization activation_quantization(ValueRange range) {
  const double lo = std::min(range.min, 0.0f), hi = std::max(range.max, 0.0f);
  if (lo == hi) return {{1.0f}, {0}};
  const float scale = std::max(static_cast<float>((hi - lo) / 255), kSmallestScale);
  const double from_min = -128 - lo / scale, from_max = 127 - hi / scale;
  const double error_min = 128 + std::fabs(lo / scale), error_max = 127 + std::fabs(hi / scale);
  const double zero = std::round(error_min < error_max ? from_min : from_max);
  return {{scale}, {static_cast<int32_t>(std::clamp(zero, -128.0, 127.0))}};
}

Quantization as_uint8(const Quantization& int8) { return {int8.scale, {int8.zero_point[0] + 128}}; }

Tensor quantize_constant(const Tensor& values, const Quantization& q) {
  std::vector<int8_t> quantized;
  for (float v : values.data.as<float>()) {
    const float rounded = std::clamp(std::round(v / q.scale[0]), -1e6f, 1e6f);
    quantized.push_back(static_cast<int8_t>(std::clamp(static_cast<int32_t>(rounded) + q.zero_point[0], -128, 127)));
  }
  return with_data(values, DType::i8, q, Data::of(std::span<const int8_t>(quantized)));
}

Tensor quantize_weights(const Tensor& weights, int axis, const Tensor* bias, double x_scale) {
  const auto w = weights.data.as<float>();
  const auto channels = static_cast<size_t>(axis < 0 ? 1 : weights.shape[axis]);
  const auto inner = static_cast<size_t>(axis < 0 ? 1 : weights.shape.elements(axis + 1, weights.shape.rank()));
  const auto channel = [&](size_t i) { return axis < 0 ? 0 : i / inner % channels; };

  std::vector<float> largest(channels, 0);
  for (size_t i = 0; i < w.size(); ++i) largest[channel(i)] = std::max(largest[channel(i)], std::fabs(w[i]));
  const float widest = channels ? *std::max_element(largest.begin(), largest.end()) : 0;
  Quantization quant{{}, std::vector<int32_t>(channels, 0), std::max(axis, 0)};
  for (size_t c = 0; c < channels; ++c) {
    double scale = largest[c] > 0 ? largest[c] / 127.0 : widest > 0 ? widest / 127.0 : 1;
    if (bias && x_scale > 0) {
      const auto values = bias->data.as<float>();
      double most = 0;  // of the biases that this scale serves
      for (size_t b = axis < 0 ? 0 : c; b < (axis < 0 ? values.size() : c + 1); ++b)
        most = std::max(most, std::fabs(static_cast<double>(values[b])));
      if (largest[c] == 0 && most > 0) scale = most / x_scale / 0x1p20;
      scale = std::max(scale, most / x_scale / 0x1p30);
    }
    quant.scale.push_back(std::max(static_cast<float>(scale), kSmallestScale));
  }
  std::vector<int8_t> quantized(w.size());
  for (size_t i = 0; i < w.size(); ++i)
    quantized[i] = static_cast<int8_t>(std::clamp(std::round(w[i] / quant.scale[channel(i)]), -127.0f, 127.0f));
  return with_data(weights, DType::i8, std::move(quant), Data::of(std::span<const int8_t>(quantized)));
}

Tensor quantize_bias(const Tensor& bias, float x_scale, const Quantization& w) {
  const auto b = bias.data.as<float>();
  Quantization quant{{}, std::vector<int32_t>(w.scale.size(), 0), 0};
  for (float s : w.scale) quant.scale.push_back(x_scale * s);
  std::vector<int32_t> quantized;
  for (size_t i = 0; i < b.size(); ++i) {
    const double value = std::round(static_cast<double>(b[i]) / quant.scale[w.per_axis() ? i : 0]);
    quantized.push_back(static_cast<int32_t>(std::clamp(value, -2147483647.0, 2147483647.0)));
  }
  return with_data(bias, DType::i32, std::move(quant), Data::of(std::span<const int32_t>(quantized)));
}

}  // namespace thimble
