#include "ops/weighted.h"

#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"
#include "base/numbers.h"

namespace thimble {

WeightedKind weighted_kind(const Tensor& x, const Tensor& w) {
  if (x.type == DType::f32 && w.type == DType::f32) return WeightedKind::f32;
  if (x.type == DType::f32 && (w.type == DType::i8 || w.type == DType::i4)) return WeightedKind::hybrid;
  if (x.type == DType::i8 && (w.type == DType::i8 || w.type == DType::i4)) return WeightedKind::s8;
  if (x.type == DType::u8 && w.type == DType::u8) return WeightedKind::u8;
  if (x.type == DType::i16 && (w.type == DType::i8 || w.type == DType::i4)) return WeightedKind::s16x8;
  return WeightedKind::unsupported;
}

namespace {
Status check_weight_quantization(const Tensor& w, int64_t channels, int channel_axis, bool symmetric) {
  const Quantization& q = w.quant;
  if (q.empty()) return fail(ErrorCode::bad_file, format("weights {}: integer weights without a scale", w.to_string()));
  if (q.per_axis() && (q.axis != channel_axis || static_cast<int64_t>(q.scale.size()) != channels))
    return fail(ErrorCode::bad_file, format("weights {}: {} scales along axis {}, expected one or {} along axis {}",
                                            w.to_string(), q.scale.size(), q.axis, channels, channel_axis));
  for (size_t i = 0; i < q.scale.size(); ++i) {
    if (!std::isfinite(q.scale[i]))
      return fail(ErrorCode::bad_file, format("weights {}: scale {} is {}", w.to_string(), i, q.scale[i]));
    if (symmetric && q.zero_point[i] != 0)
      return fail(ErrorCode::unsupported, format("weights {}: int8 weights must have zero point 0", w.to_string()));
  }
  return {};
}
}  // namespace

Status infer_dense(InferContext& ctx, bool keep_num_dims) {
  const Tensor &x = ctx.in(0), &w = ctx.in(1);
  const int64_t outputs = w.shape[0], inputs = w.shape[1], elements = x.shape.elements();
  if (outputs < 1 || inputs < 1)
    return fail(ErrorCode::bad_file, format("weights {} have an empty dimension", w.to_string()));
  if (elements % inputs != 0 || (keep_num_dims && x.shape.dim(-1) != inputs))
    return fail(ErrorCode::bad_file,
                format("input {} does not divide into rows of {} (weights {})", x.to_string(), inputs, w.to_string()));
  if (keep_num_dims) {
    ctx.outputs[0].shape = x.shape;
    ctx.outputs[0].shape.set(x.shape.rank() - 1, outputs);
  } else {
    const int64_t dims[] = {elements / inputs, outputs};
    THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  }
  if (!checked_mul(elements, outputs, &ctx.macs))
    return fail(ErrorCode::unsupported, format("{} outputs for each row of {}", outputs, x.to_string()));
  return {};
}

Result<DType> check_weighted(const InferContext& ctx, int64_t channels, int channel_axis) {
  const Tensor &x = ctx.in(0), &w = ctx.in(1);
  const WeightedKind kind = weighted_kind(x, w);
  if (kind == WeightedKind::unsupported)
    return fail(ErrorCode::unsupported, format("no kernel for input {} with weights {}", x.to_string(), w.to_string()),
                "float32 × float32, float32 (hybrid), int8 or int16 × int8 or int4, and uint8 × uint8 are supported");
  if (kind != WeightedKind::f32)
    THIMBLE_TRY(check_weight_quantization(w, channels, channel_axis, kind != WeightedKind::u8));
  const bool wide = kind == WeightedKind::s16x8;
  const bool integer = kind == WeightedKind::s8 || kind == WeightedKind::u8 || wide;
  if (integer) {
    THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
    const Tensor& y = ctx.declared(0);
    if (y.type == x.type) THIMBLE_TRY(ctx.expect_per_tensor_quantized(y));
    for (float scale : w.quant.scale) {
      const double effective =
          static_cast<double>(x.quant.scale[0]) * scale / (y.quant.empty() ? 1.0 : y.quant.scale[0]);
      if (!std::isfinite(effective) || effective < 0 || effective >= (wide ? kWideScaleLimit : 0x1p30))
        return fail(ErrorCode::bad_file, format("effective scale {} of {} is out of range", effective, w.to_string()));
    }
    for (const Tensor* t : {&x, &y})
      if (wide && !t->quant.empty() && t->quant.zero_point[0] != 0)
        return fail(ErrorCode::unsupported, format("{}: int16 activations must have zero point 0", t->to_string()));
  }
  if (ctx.has(2)) {
    const Tensor& bias = ctx.in(2);
    const DType expected = wide ? DType::i64 : integer ? DType::i32 : DType::f32;
    if (bias.type != expected && !(wide && bias.type == DType::i32))
      return fail(ErrorCode::unsupported, format("bias {} must be {}", bias.to_string(), name(expected)));
    if (bias.shape.elements() != channels)
      return fail(ErrorCode::bad_file, format("bias {} must hold {} values", bias.to_string(), channels));
  }
  return x.type;
}

ChannelScale channel_scale(DType x_type, float x_scale, const Quantization& w, float y_scale, int64_t channel) {
  const float w_scale = w.scale[w.per_axis() ? static_cast<size_t>(channel) : 0];
  const double product = x_type == DType::u8 ? static_cast<double>(x_scale * w_scale)
                                             : static_cast<double>(x_scale) * static_cast<double>(w_scale);
  ChannelScale s;
  quantize_multiplier(product / static_cast<double>(y_scale), &s.multiplier, &s.shift);
  return s;
}

void plan_output(InferContext& ctx, int64_t channels, Activation activation, int32_t* x_zero, thimble_requantize* y,
                 thimble_range* range) {
  activation_range(activation, &range->lo, &range->hi);
  const Tensor &x = ctx.in(0), &w = ctx.in(1), &out = ctx.declared(0);
  if (x.type == DType::f32 || out.quant.empty()) return;
  *x_zero = x.quant.zero_point[0];
  auto* multipliers = ctx.plan.array<int32_t>(channels);
  auto* shifts = ctx.plan.array<int8_t>(channels);
  for (int64_t c = 0; c < channels; ++c) {
    const ChannelScale s = channel_scale(x.type, x.quant.scale[0], w.quant, out.quant.scale[0], c);
    multipliers[c] = s.multiplier;
    shifts[c] = static_cast<int8_t>(s.multiplier == 0 ? -1 : s.shift);  // 0 is 0; a right shift is what most have
  }
  y->multiplier = multipliers;
  y->shift = shifts;
  y->zero = out.quant.zero_point[0];
  quantized_activation_range(activation, out.type, out.quant, &y->lo, &y->hi);
}

double dense_scale(float x_scale, const Quantization& w, float y_scale, int64_t channel) {
  const double w_scale = w.scale[w.per_axis() ? static_cast<size_t>(channel) : 0];
  return static_cast<double>(x_scale) * w_scale / static_cast<double>(y_scale);
}

std::vector<double> dense_scales(float x_scale, const Quantization& w, float y_scale, int64_t channels) {
  std::vector<double> scales;
  for (int64_t c = 0; c < channels; ++c) scales.push_back(dense_scale(x_scale, w, y_scale, c));
  return scales;
}

void quantized_activation_range(Activation a, DType type, const Quantization& y, int32_t* lo, int32_t* hi) {
  float low, high;
  activation_range(a, &low, &high);
  quantized_range(low, high, type, y, lo, hi);
}

void quantized_range(float low, float high, DType type, const Quantization& y, int32_t* lo, int32_t* hi) {
  *lo = type == DType::u8 ? 0 : type == DType::i16 ? -32768 : -128;
  *hi = type == DType::u8 ? 255 : type == DType::i16 ? 32767 : 127;
  const float scale = y.scale[0];
  const int32_t zero = y.zero_point[0];
  const auto quantized = [&](float v) {
    const float q = std::round(v / scale);  // float arithmetic, as TFLite's CalculateActivationRangeQuantized
    return q > 1e9f ? INT32_MAX / 2 : q < -1e9f ? INT32_MIN / 2 : zero + static_cast<int32_t>(q);
  };
  if (std::isfinite(low)) *lo = std::max(*lo, quantized(low));
  if (std::isfinite(high)) *hi = std::min(*hi, quantized(high));
  if (*lo > *hi) *lo = *hi;
}

}  // namespace thimble
