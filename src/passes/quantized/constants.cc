#include "passes/quantized/constants.h"

#include <algorithm>
#include <cmath>

namespace thimble {
namespace {

// Which scale and zero point element i has.
class Slices {
 public:
  explicit Slices(const Tensor& t)
      : count_(t.quant.scale.size()),
        inner_(count_ > 1 ? static_cast<size_t>(t.shape.elements(t.quant.axis + 1, t.shape.rank())) : 1) {}
  size_t of(size_t i) const { return count_ > 1 ? i / inner_ % count_ : 0; }

 private:
  size_t count_, inner_;
};

int32_t element(const Tensor& t, size_t i) {
  switch (t.type) {
    case DType::i8: return t.data.as<int8_t>()[i];
    case DType::u8: return t.data.as<uint8_t>()[i];
    case DType::i16: return t.data.as<int16_t>()[i];
    default: return t.data.as<int32_t>()[i];
  }
}

constexpr double kMostBias = 0x1p30;  // beside which sums of products have room

size_t elements(const Tensor& t) { return static_cast<size_t>(t.shape.elements()); }

}  // namespace

Tensor in_bytes(const Tensor& constant, DType type) {
  if (constant.type == type || (constant.type != DType::u8 && constant.type != DType::i8)) return constant;
  Tensor t = constant;
  t.type = type;
  for (int32_t& z : t.quant.zero_point) z += type == DType::u8 ? 128 : -128;
  std::vector<uint8_t> bytes(constant.data.bytes, constant.data.bytes + constant.data.size);
  for (uint8_t& b : bytes) b ^= 128;
  t.data = Data::copy(bytes);
  return t;
}

std::optional<Tensor> symmetric_weights(const Tensor& weights) {
  if (weights.type != DType::i8 && weights.type != DType::u8) return std::nullopt;
  const auto zero = [](int32_t z) { return z == 0; };
  if (weights.type == DType::i8 && std::ranges::all_of(weights.quant.zero_point, zero)) return weights;
  const Slices slices(weights);
  std::vector<int8_t> values(elements(weights));
  for (size_t i = 0; i < values.size(); ++i) {
    const int32_t v = element(weights, i) - weights.quant.zero_point[slices.of(i)];
    if (v < -128 || v > 127) return std::nullopt;
    values[i] = static_cast<int8_t>(v);
  }
  Tensor t = weights;
  t.type = DType::i8;
  std::ranges::fill(t.quant.zero_point, 0);
  t.data = Data::of(std::span<const int8_t>(values));
  return t;
}

std::optional<Tensor> integer_bias(const Tensor& bias, float x_scale, const Quantization& weights) {
  const bool integers = bias.type == DType::i32 && !bias.quant.empty();
  if (!integers && bias.type != DType::f32) return std::nullopt;
  const size_t count = weights.scale.size();
  if (weights.per_axis() && count != elements(bias)) return std::nullopt;
  const Slices slices(bias);
  std::vector<int32_t> values(elements(bias));
  for (size_t i = 0; i < values.size(); ++i) {
    const double scale = static_cast<double>(x_scale) * weights.scale[count > 1 ? i : 0];
    const double own = integers ? bias.quant.scale[slices.of(i)] : 1;
    if (integers && std::fabs(own - scale) <= 1e-6 * scale) {
      values[i] = element(bias, i);
      continue;
    }
    const double value = integers ? static_cast<double>(element(bias, i)) : double{bias.data.as<float>()[i]};
    const double v = std::round(value * own / scale);
    if (!(std::fabs(v) <= kMostBias)) return std::nullopt;
    values[i] = static_cast<int32_t>(v);
  }
  Tensor t = bias;
  t.type = DType::i32;
  t.quant = {{}, std::vector<int32_t>(count, 0), 0};
  for (const float s : weights.scale) t.quant.scale.push_back(x_scale * s);
  if (weights.per_axis()) t.shape = {static_cast<int64_t>(count)};
  t.data = Data::of(std::span<const int32_t>(values));
  return t;
}

std::optional<Tensor> integer_scalar(float value, DType type) {
  if (!std::isfinite(value)) return std::nullopt;
  const bool wide = type == DType::i16;
  const int32_t most = wide ? 32767 : 127, q = value > 0 ? most : value < 0 ? -most : 0;
  const float scale = value == 0 ? 1.0f : std::fabs(value) / static_cast<float>(most);
  if (!(scale >= 1e-30f)) return std::nullopt;
  Tensor t{.name = format("{}", value), .type = wide ? type : DType::i8, .shape = {}, .quant = {{scale}, {0}, 0}};
  const auto narrow = static_cast<int16_t>(q);
  const auto byte = static_cast<int8_t>(q);
  t.data = wide ? Data::of(std::span(&narrow, 1)) : Data::of(std::span(&byte, 1));
  return in_bytes(t, type);
}

}  // namespace thimble
