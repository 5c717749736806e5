#include "compress/quantize/params.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace thimble {
namespace {

Tensor with_data(const Tensor& like, DType type, Quantization quant, Data data) {
  return {.name = like.name, .type = type, .shape = like.shape, .quant = std::move(quant), .data = std::move(data)};
}

}  // namespace

float short_scale(float scale, int bits, bool up) {
  if (bits >= 23) return scale;
  const uint32_t step = 1u << (23 - bits);
  const uint32_t pattern = std::bit_cast<uint32_t>(scale) + (up ? step - 1 : step / 2);  // carries into the exponent
  return std::bit_cast<float>(pattern & ~(step - 1));
}

Quantization activation_quantization(ValueRange range, int scale_bits, float smallest) {
  const double lo = std::min(range.min, 0.0f), hi = std::max(range.max, 0.0f);
  if (lo == hi) return {{1.0f}, {0}};
  const float scale = short_scale(std::max(static_cast<float>((hi - lo) / 255), smallest), scale_bits, true);
  const double from_min = -128 - lo / scale, from_max = 127 - hi / scale;
  const double error_min = 128 + std::fabs(lo / scale), error_max = 127 + std::fabs(hi / scale);
  const double zero = std::round(error_min < error_max ? from_min : from_max);
  return {{scale}, {static_cast<int32_t>(std::clamp(zero, -128.0, 127.0))}};
}

Quantization wide_quantization(ValueRange range, int scale_bits) {
  const double most = std::max(std::fabs(static_cast<double>(range.min)), std::fabs(static_cast<double>(range.max)));
  if (most == 0) return {{1.0f}, {0}};
  return {{short_scale(std::max(static_cast<float>(most / 32767), kSmallestScale), scale_bits, true)}, {0}};
}

Quantization as_uint8(const Quantization& int8) { return {int8.scale, {int8.zero_point[0] + 128}}; }

namespace {

template <class T>
Tensor constant_as(const Tensor& values, const Quantization& q, DType type) {
  constexpr int32_t kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
  std::vector<T> quantized;
  for (float v : values.data.as<float>()) {
    const float rounded = std::clamp(std::round(v / q.scale[0]), -1e6f, 1e6f);
    quantized.push_back(static_cast<T>(std::clamp(static_cast<int32_t>(rounded) + q.zero_point[0], kLow, kHigh)));
  }
  return with_data(values, type, q, Data::of(std::span<const T>(quantized)));
}

}  // namespace

Tensor quantize_constant(const Tensor& values, const Quantization& q, DType type) {
  return type == DType::i16 ? constant_as<int16_t>(values, q, type) : constant_as<int8_t>(values, q, DType::i8);
}

Levels weight_levels(int bits) {
  if (bits <= 1) return {-1, 1};
  if (bits == 2) return {-2, 1};
  return {-(1 << (bits - 1)) + 1, (1 << (bits - 1)) - 1};
}

namespace {

// Squared error, Σ w·q and Σ q² for one scale. Sums in eight lanes, so that the compiler may use them.
struct Fit {
  float error = 0, wq = 0, qq = 0;
};
Fit fit(std::span<const float> weights, Levels levels, float scale) {
  constexpr size_t kLanes = 8;
  float error[kLanes] = {}, wq[kLanes] = {}, qq[kLanes] = {};
  const float inverse = 1 / scale, low = static_cast<float>(levels.low), high = static_cast<float>(levels.high);
  const auto one = [&](size_t lane, float w) {
    const float v = std::min(std::max(w * inverse, low), high);
    const float q = static_cast<float>(static_cast<int>(v + std::copysign(0.5f, v)));
    const float d = w - q * scale;
    error[lane] += d * d;
    wq[lane] += w * q;
    qq[lane] += q * q;
  };
  size_t i = 0;
  for (; i + kLanes <= weights.size(); i += kLanes)
    for (size_t l = 0; l < kLanes; ++l) one(l, weights[i + l]);
  for (size_t l = 0; i < weights.size(); ++i, ++l) one(l, weights[i]);
  Fit sum;
  for (size_t l = 0; l < kLanes; ++l) {
    sum.error += error[l];
    sum.wq += wq[l];
    sum.qq += qq[l];
  }
  return sum;
}

}  // namespace

double fit_scale(std::span<const float> weights, Levels levels) {
  constexpr int kRounds = 3;
  float largest = 0;
  for (float w : weights) largest = std::max(largest, std::fabs(w));
  if (largest == 0) return 0;
  // Few levels cut more of the tails: the best scale is a smaller part of the one that holds everything.
  const float whole = largest / static_cast<float>(levels.high);
  float best = whole, least = INFINITY;
  for (const float part : {1.0f, 0.7f, 0.45f}) {
    float scale = whole * part;
    for (int round = 0; round <= kRounds; ++round) {
      const Fit f = fit(weights, levels, scale);
      if (f.error < least) {
        least = f.error;
        best = scale;
      }
      if (!(f.qq > 0 && f.wq > 0)) break;
      const float next = f.wq / f.qq;
      if (next == scale) break;
      scale = next;
    }
  }
  return best;
}

namespace {

// Values of a tensor slice by slice along an axis.
class Slices {
 public:
  Slices(const Tensor& t, int axis)
      : values_(t.data.as<float>()),
        channels_(static_cast<size_t>(axis < 0 ? 1 : t.shape[axis])),
        inner_(axis < 0 ? values_.size() : static_cast<size_t>(t.shape.elements(axis + 1, t.shape.rank()))) {}
  size_t count() const { return channels_; }
  size_t of(size_t i) const { return inner_ ? i / inner_ % channels_ : 0; }
  std::span<const float> slice(size_t c) {
    if (inner_ * channels_ == values_.size()) return values_.subspan(c * inner_, inner_);
    gathered_.clear();
    for (size_t at = c * inner_; at < values_.size(); at += inner_ * channels_)
      gathered_.insert(gathered_.end(), values_.begin() + static_cast<ptrdiff_t>(at),
                       values_.begin() + static_cast<ptrdiff_t>(at + inner_));
    return gathered_;
  }

 private:
  std::span<const float> values_;
  size_t channels_, inner_;
  std::vector<float> gathered_;
};

}  // namespace

Tensor quantize_weights(const Tensor& weights, int axis, const Tensor* bias, double x_scale, const WeightForm& form) {
  const auto w = weights.data.as<float>();
  const Levels levels = weight_levels(form.bits);
  Slices slices(weights, axis);
  const size_t channels = slices.count();
  const bool given = form.scale.size() == channels;
  std::vector<double> wanted(channels, 0);  // 0: a slice of zeros
  for (size_t c = 0; c < channels; ++c) {
    const auto slice = slices.slice(c);
    if (given) {
      wanted[c] = form.scale[c];
    } else if (form.bits >= 8) {
      float largest = 0;
      for (float v : slice) largest = std::max(largest, std::fabs(v));
      wanted[c] = largest / 127.0;
    } else {
      wanted[c] = fit_scale(slice, levels);
    }
  }
  const double widest = channels ? *std::max_element(wanted.begin(), wanted.end()) : 0;
  Quantization quant{{}, std::vector<int32_t>(channels, 0), std::max(axis, 0)};
  for (size_t c = 0; c < channels; ++c) {
    double scale = wanted[c] > 0 ? wanted[c] : widest > 0 ? widest : 1;
    bool up = !given && form.bits >= 8;  // everything is held, or nearly
    if (bias && x_scale > 0) {
      const auto values = bias->data.as<float>();
      double most = 0;  // of the biases that this scale serves
      for (size_t b = axis < 0 ? 0 : c; b < (axis < 0 ? values.size() : c + 1); ++b)
        most = std::max(most, std::fabs(static_cast<double>(values[b])));
      if (wanted[c] == 0 && most > 0) scale = most / x_scale / 0x1p20;
      up = up || scale < most / x_scale / 0x1p29;
      scale = std::max(scale, most / x_scale / 0x1p30);
    }
    quant.scale.push_back(short_scale(std::max(static_cast<float>(scale), kSmallestScale), form.scale_bits, up));
  }
  const auto low = static_cast<float>(levels.low), high = static_cast<float>(levels.high);
  std::vector<int8_t> quantized(w.size());
  for (size_t i = 0; i < w.size(); ++i)
    quantized[i] = static_cast<int8_t>(std::clamp(std::round(w[i] / quant.scale[slices.of(i)]), low, high));
  return with_data(weights, DType::i8, std::move(quant), Data::of(std::span<const int8_t>(quantized)));
}

Tensor quantize_bias(const Tensor& bias, float x_scale, const Quantization& w, int bits) {
  const auto b = bias.data.as<float>();
  Quantization quant{{}, std::vector<int32_t>(w.scale.size(), 0), 0};
  for (float s : w.scale) quant.scale.push_back(x_scale * s);
  std::vector<double> values;
  double most = 0, step = 1;
  for (size_t i = 0; i < b.size(); ++i) {
    values.push_back(static_cast<double>(b[i]) / quant.scale[w.per_axis() ? i : 0]);
    most = std::max(most, std::fabs(values.back()));
  }
  if (bits < 32) {
    most = std::min(most, 0x1p30);  // the scales of weights see to it
    while (most / step >= std::ldexp(1.0, bits - 1) - 0.5) step *= 2;
  }
  std::vector<int32_t> quantized;
  for (const double value : values)
    quantized.push_back(static_cast<int32_t>(std::clamp(std::round(value / step) * step, -2147483647.0, 2147483647.0)));
  return with_data(bias, DType::i32, std::move(quant), Data::of(std::span<const int32_t>(quantized)));
}

Tensor quantize_wide_bias(const Tensor& bias, float x_scale, const Quantization& w) {
  const auto b = bias.data.as<float>();
  Quantization quant{{}, std::vector<int32_t>(w.scale.size(), 0), 0};
  for (float s : w.scale) quant.scale.push_back(x_scale * s);
  std::vector<int64_t> quantized;
  for (size_t i = 0; i < b.size(); ++i) {
    const double value = static_cast<double>(b[i]) / quant.scale[w.per_axis() ? i : 0];
    quantized.push_back(static_cast<int64_t>(std::clamp(std::round(value), -0x1p46, 0x1p46)));
  }
  return with_data(bias, DType::i64, std::move(quant), Data::of(std::span<const int64_t>(quantized)));
}

}  // namespace thimble
