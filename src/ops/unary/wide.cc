#include "ops/unary/wide.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/fixed_point.h"
#include "base/half.h"
#include "ops/lut16.h"
#include "ops/number_types.h"
#include "ops/weighted.h"

namespace thimble {
namespace {

// σ(i/24) · 2^16, rounded, and one more at these i: so has it the table of TensorFlow Lite.
constexpr uint8_t kOneMore[] = {4,  8,  12, 14, 15, 16, 17, 19, 20,  21,  22,  25,  27,  28, 29,
                                30, 31, 33, 34, 35, 37, 39, 40, 41,  43,  44,  45,  46,  49, 50,
                                54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255};

void fill_sigmoid_table(int32_t table[256]) {
  for (int i = 0; i < 256; ++i) table[i] = static_cast<int32_t>(std::floor(65536 / (1 + std::exp(-i / 24.0)) + 0.5));
  for (const uint8_t i : kOneMore) ++table[i];
}

int32_t sigmoid(const thimble_unary_wide& p, int32_t q) {
  const int64_t x = (int64_t{q} * p.multiplier + (p.shift > 0 ? int64_t{1} << (p.shift - 1) : 0)) >> p.shift;
  const int64_t size = std::abs(x), at = size >> 9;
  int64_t y = int64_t{0x7fff} << 10;
  if (at < 255) y = (int64_t{p.table[at]} << 9) + (size & 0x1ff) * (p.table[at + 1] - p.table[at]);
  return static_cast<int32_t>((x >= 0 ? y + (1 << 9) : (1 << 25) - y + (1 << 9) - 1) >> 10);
}

int32_t tanh(const thimble_unary_wide& p, int32_t q) {
  const int64_t x = (int64_t{q} * p.multiplier + (p.shift > 0 ? int64_t{1} << (p.shift - 1) : 0)) >> p.shift;
  const int64_t size = std::abs(x), at = size >> 8;
  int64_t y = int64_t{0xffff} << 8;
  if (at < 255) y = (int64_t{p.table[at]} << 8) + (size & 0xff) * (p.table[at + 1] - p.table[at]);
  return static_cast<int32_t>((x >= 0 ? y - (1 << 23) + (1 << 7) : -y + (1 << 23) + (1 << 7) - 1) >> 8);
}

// Brings inputs to 1/(3 · 4096); the scales 2^−12 and, of tanh, 2^−11 exactly.
void plan_sigmoid(Op op, float scale, thimble_unary_wide* p) {
  if (scale == 0x1p-12f || (op == Op::tanh && scale == 0x1p-11f)) {
    p->multiplier = scale == 0x1p-12f ? 3 : 6;
    return;
  }
  double multiplier = static_cast<double>(scale) * 4096.0 * 3.0;
  while (multiplier <= 32767.0 / 2.0 && p->shift <= 30) {
    ++p->shift;
    multiplier *= 2;
  }
  p->multiplier = static_cast<int32_t>(std::min(multiplier, 1e9));
}

Status plan_scaled(InferContext& ctx, thimble_unary_wide* p) {
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  const Op op = ctx.node.op;
  if (y.type != x.type) return fail(ErrorCode::bad_file, format("output {} must have the input's type", y.to_string()));
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(y));
  if (x.quant.zero_point[0] != 0 || y.quant.zero_point[0] != 0)
    return fail(ErrorCode::bad_file, format("{} and {} must have zero point 0", x.to_string(), y.to_string()));
  const float sx = x.quant.scale[0], sy = y.quant.scale[0], alpha = ctx.node.attrs.as<UnaryAttrs>().alpha;
  p->x_scale = sx;
  p->y_scale = sy;
  if (!std::isfinite(sx) || !std::isfinite(sy) || !(sx / sy < 0x1p14f) || !(std::fabs(sx * alpha / sy) < 0x1p14f))
    return fail(ErrorCode::bad_file, format("scales {} and {} are too far apart", sx, sy));
  const UnaryTraits& traits = unary_row(op).traits;
  quantized_range(traits.low, traits.high, x.type, y.quant, &p->lo, &p->hi);
  quantize_multiplier(sx / sy, &p->multiplier, &p->shift);
  switch (op) {
    case Op::leaky_relu:
      quantize_multiplier(std::fabs(sx * alpha / sy), &p->below_multiplier, &p->below_shift);
      p->negative_below = alpha < 0;
      return {};
    case Op::sigmoid:
    case Op::tanh: {
      if (sy != 0x1p-15f)
        return fail(ErrorCode::bad_file, format("{}: the output must have scale 1/32768", y.to_string()));
      p->multiplier = p->shift = 0;
      plan_sigmoid(op, sx, p);
      auto* table = ctx.plan.array<int32_t>(256);
      fill_sigmoid_table(table);
      p->table = table;
      return {};
    }
    case Op::gelu:
    case Op::exp:
    case Op::log:
    case Op::rsqrt: {
      const UnaryRow& row = unary_row(op, ctx.node.attrs.as<UnaryAttrs>());
      auto* table = ctx.plan.array<int32_t>(kLut16);
      fill_lut_16<float>(
          sx, 0, sy, 0,
          [&](float v) {
            if (op == Op::exp) return std::exp(v);
            if (op == Op::gelu) return row.value_f32(v, 0);
            if (op == Op::log) return v <= 0 ? -32768 * sy : std::log(v);
            return v <= 0 ? 32767 * sy : 1 / std::sqrt(v);
          },
          table);
      p->table = table;
      return {};
    }
    default: return {};
  }
}

// Whether the function has a form in the type, with scales or without.
bool has(Op op, DType type, bool scales) {
  if (type == DType::f16)
    return op == Op::neg || op == Op::sin || op == Op::cos || op == Op::floor || op == Op::round || op == Op::tanh ||
           op == Op::sigmoid || op == Op::gelu;
  if (type == DType::f64) return true;
  switch (op) {
    case Op::relu:
    case Op::relu6:
    case Op::leaky_relu:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::log:
    case Op::sqrt:
    case Op::gelu:
    case Op::rsqrt: return type == DType::i16 && scales;
    case Op::neg: return true;
    case Op::abs: return type == DType::i16 || type == DType::i32;
    case Op::sign: return type == DType::i32;
    case Op::zeros_like: return type == DType::i32 || type == DType::i64;
    default: return false;
  }
}

int32_t scaled_value(Op op, const thimble_unary_wide& p, int32_t q) {
  switch (op) {
    case Op::sigmoid: return sigmoid(p, q);
    case Op::tanh: return tanh(p, q);
    case Op::gelu:
    case Op::exp:
    case Op::log:
    case Op::rsqrt: return lookup_16(q, p.table);
    case Op::abs: {
      const int32_t size = std::abs(q);
      return p.x_scale == p.y_scale ? size : multiply_by_quantized_multiplier(size, p.multiplier, p.shift);
    }
    case Op::sqrt: {
      const float root = std::sqrt(p.x_scale * static_cast<float>(std::max(q, 0)));
      return static_cast<int32_t>(std::min(root / p.y_scale, 1e6f));
    }
    case Op::leaky_relu: {
      if (q >= 0) return multiply_by_quantized_multiplier(q, p.multiplier, p.shift);
      const int32_t v = multiply_by_quantized_multiplier(q, p.below_multiplier, p.below_shift);
      return p.negative_below ? -v : v;
    }
    default: return multiply_by_quantized_multiplier(q, p.multiplier, p.shift);
  }
}

template <class T>
T plain_value(Op op, T x) {
  if (op == Op::zeros_like) return 0;
  if (op == Op::sign) return x > 0 ? T(1) : x < 0 ? T(-1) : x + T(0);
  if constexpr (std::is_integral_v<T>) {
    const auto negative = static_cast<T>(uint64_t{0} - static_cast<uint64_t>(x));
    return op == Op::abs && x >= 0 ? x : negative;
  }
  return x;
}

float to_half(float v) { return half_to_float(float_to_half(v)); }

// gelu of float16 is rounded after every step.
float gelu_of_half(float x, bool by_tanh) {
  const float half_x = to_half(0.5f * x);
  if (!by_tanh) return half_x * to_half(std::erfc(to_half(x * to_half(-0.70710678f))));
  const float cube = to_half(to_half(x * x) * x), sum = to_half(x + to_half(to_half(0.044715f) * cube));
  return half_x * to_half(1 + to_half(std::tanh(to_half(to_half(0.79788456f) * sum))));
}

}  // namespace

Status infer_unary_wide(InferContext& ctx) {
  const Tensor& x = ctx.in(0);
  const Op op = ctx.node.op;
  const bool scales = x.type == DType::i16 && op != Op::neg && !(op == Op::abs && x.quant.empty());
  if (!has(op, x.type, !x.quant.empty()))
    return fail(ErrorCode::unsupported, format("no {} of {}{}", name(op), x.to_string(),
                                               x.type == DType::i16 && x.quant.empty() ? " without a scale" : ""));
  ctx.outputs[0] = {x.type, x.shape};
  ctx.in_place = 1;
  auto& p = ctx.plan.make<thimble_unary_wide>();
  p.n = x.shape.elements();
  return scales ? plan_scaled(ctx, &p) : Status{};
}

void unary_wide(const RefCall& call) {
  const auto& p = call.plan<thimble_unary_wide>();
  const TensorView &x = call.in[0], &y = call.out[0];
  const Op op = call.node.op;
  if (p.y_scale > 0) {
    for (int64_t i = 0; i < p.n; ++i)
      y.as<int16_t>()[i] = static_cast<int16_t>(std::clamp(scaled_value(op, p, x.as<int16_t>()[i]), p.lo, p.hi));
    return;
  }
  if (x.type == DType::f16) {
    const auto& attrs = call.node.attrs.as<UnaryAttrs>();
    const UnaryRow& row = unary_row(op, attrs);
    for (int64_t i = 0; i < p.n; ++i) {
      const float v = half_to_float(x.as<uint16_t>()[i]);
      y.as<uint16_t>()[i] = float_to_half(op == Op::gelu ? gelu_of_half(v, attrs.approximate)
                                                         : static_cast<float>(row.value(v, attrs.alpha)));
    }
    return;
  }
  if (x.type == DType::f64 && op != Op::sign) {
    const auto& attrs = call.node.attrs.as<UnaryAttrs>();
    const UnaryRow& row = unary_row(op, attrs);
    for (int64_t i = 0; i < p.n; ++i) y.as<double>()[i] = row.value(x.as<double>()[i], attrs.alpha);
    return;
  }
  with_number(x.type, [&]<class T>(T) {
    for (int64_t i = 0; i < p.n; ++i) y.as<T>()[i] = plain_value(op, x.as<T>()[i]);
  });
}

}  // namespace thimble
