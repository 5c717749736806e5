#include <algorithm>
#include <cfloat>
#include <cmath>
#include <optional>

#include "ops/binary/binary.h"
#include "ops/number_types.h"
#include "ops/weighted.h"

namespace thimble::infer {
namespace {

// Clamp bounds of a float result.
void binary_range(BinaryFn fn, const BinaryAttrs& attrs, thimble_range* range) {
  activation_range(attrs.activation, &range->lo, &range->hi);
  if (attrs.unbounded) return;
  if (fn == BinaryFn::maximum || fn == BinaryFn::minimum || fn == BinaryFn::squared_difference) return;
  range->lo = std::fmax(range->lo, -FLT_MAX);
  range->hi = std::fmin(range->hi, FLT_MAX);
}

// LiteRT fails whenever it runs a model with such a divisor; of a constant it is known before.
Status expect_no_zero_divisor(const Tensor& divisor) {
  if (!divisor.constant()) return {};
  const auto refuse = [&](size_t i) {
    return fail(ErrorCode::bad_file, format("element {} of the constant divisor {} is zero", i, divisor.to_string()),
                "integers have no result for a division by zero: change the constant, or divide in float32");
  };
  if (divisor.type == DType::i16) {
    const auto values = divisor.data.as<int16_t>();
    const auto zero = std::ranges::find(values, 0);
    return zero == values.end() ? Status{} : refuse(static_cast<size_t>(zero - values.begin()));
  }
  if (!is_quantized_type(divisor.type)) {
    Status status;
    with_number(divisor.type, [&]<class T>(T) {
      const auto values = divisor.data.as<T>();
      const auto zero = std::ranges::find(values, T{0});
      if (zero != values.end()) status = refuse(static_cast<size_t>(zero - values.begin()));
    });
    return status;
  }
  const auto values = divisor.data.as<uint8_t>();
  const auto zero = std::ranges::find(values, static_cast<uint8_t>(divisor.quant.zero_point[0]));
  return zero == values.end() ? Status{} : refuse(static_cast<size_t>(zero - values.begin()));
}

// Which types a function computes in, beside those of 8 bits.
Status expect_types(const InferContext& ctx, BinaryFn fn) {
  switch (fn) {
    case BinaryFn::mul:
      return ctx.expect_type(0, {DType::f32, DType::i32, DType::i8, DType::u8, DType::i16, DType::i64, DType::u32,
                                 DType::c64, DType::f16, DType::u64, DType::f64});
    case BinaryFn::squared_difference: return ctx.expect_type(0, {DType::f32, DType::i32, DType::i8, DType::u8});
    case BinaryFn::div:
      return ctx.expect_type(0, {DType::f32, DType::i32, DType::i8, DType::u8, DType::i16, DType::u32, DType::i64,
                                 DType::u64, DType::f64});
    case BinaryFn::sub:
      return ctx.expect_type(
          0, {DType::f32, DType::i32, DType::i8, DType::u8, DType::i16, DType::i64, DType::u64, DType::f64});
    default:
      return ctx.expect_type(0, {DType::f32, DType::i32, DType::i8, DType::u8, DType::i16, DType::i64, DType::f16,
                                 DType::u64, DType::f64});
  }
}

// The exponent of a power of two; nothing for other numbers.
std::optional<int> exponent_of(float scale) {
  int exponent = 0;
  return std::frexp(scale, &exponent) == 0.5f ? std::optional(exponent - 1) : std::nullopt;
}

// int16 by shifts, where the attribute asks for it and the scales allow it.
Status plan_powers_of_two(const InferContext& ctx, thimble_binary* plan, bool* taken) {
  const Tensor &a = ctx.in(0), &b = ctx.in(1), &y = ctx.declared(0);
  const auto p = exponent_of(a.quant.scale[0]), q = exponent_of(b.quant.scale[0]), r = exponent_of(y.quant.scale[0]);
  if (!p || !q || !r) return {};
  plan->a_shift = *p - *r;
  plan->b_shift = *q - *r;
  if ((plan->a_shift != 0 && plan->b_shift != 0) || plan->a_shift > 0 || plan->b_shift > 0 || plan->a_shift < -31 ||
      plan->b_shift < -31)
    return fail(
        ErrorCode::unsupported,
        format("scales {}, {} and {}: by shifts one operand must have the output's scale, the other a smaller one",
               a.quant.scale[0], b.quant.scale[0], y.quant.scale[0]));
  plan->left_shift = kPowersOfTwo;
  quantized_activation_range(ctx.node.attrs.as<BinaryAttrs>().activation, y.type, y.quant, &plan->lo, &plan->hi);
  *taken = true;
  return {};
}

}  // namespace

Status binary(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<BinaryAttrs>());
  const Tensor &a = ctx.in(0), &b = ctx.in(1), &y = ctx.declared(0);
  const BinaryFn fn = binary_fn(ctx.node.op);
  THIMBLE_TRY(expect_types(ctx, fn));
  if (a.type != b.type)
    return fail(ErrorCode::bad_file, format("operands differ in type: {} and {}", a.to_string(), b.to_string()));
  THIMBLE_ASSIGN(const Shape shape, broadcast_shape(a.shape, b.shape));
  ctx.outputs[0] = {a.type, shape};
  ctx.in_place = (a.shape == shape ? 1u : 0u) | (b.shape == shape ? 2u : 0u);
  const Activation activation = ctx.node.attrs.as<BinaryAttrs>().activation;
  if (activation > Activation::relu6)
    return fail(ErrorCode::unsupported, format("fused activation {}", name(activation)));
  auto& plan = ctx.plan.make<thimble_binary>();
  plan.broadcast = plan_broadcast(a.shape, b.shape, shape);
  plan.a_constant = a.constant();
  plan.b_constant = b.constant();
  binary_range(fn, ctx.node.attrs.as<BinaryAttrs>(), &plan.range);
  const bool floats = a.type == DType::f32 || a.type == DType::f64;
  if (fn == BinaryFn::div && !floats && !is_quantized_type(a.type)) return expect_no_zero_divisor(b);
  if ((a.type == DType::c64 && activation != Activation::none) ||
      ((a.type == DType::u32 || a.type == DType::u64) && activation == Activation::relu_n1_to_1))
    return fail(ErrorCode::unsupported, format("fused activation {} of {}", name(activation), a.to_string()));
  if (!is_quantized_type(a.type)) return {};
  if (a.type == DType::i16 && a.quant.empty() && b.quant.empty()) {
    if (fn == BinaryFn::sub || fn == BinaryFn::div)
      return fail(ErrorCode::unsupported, format("{} of int16 without scales", name(ctx.node.op)),
                  "cast to int32 first");
    return {};
  }
  for (const Tensor* t : {&a, &b, &y}) {
    if (t->type != a.type)
      return fail(ErrorCode::bad_file, format("output {} must be {}", t->to_string(), name(a.type)));
    THIMBLE_TRY(ctx.expect_per_tensor_quantized(*t));
    if (!std::isfinite(t->quant.scale[0]))
      return fail(ErrorCode::bad_file, format("{}: scale is not finite", t->to_string()));
    const bool wide = a.type == DType::i16;
    const int32_t low = a.type == DType::i8 ? -128 : 0;
    if (t->quant.zero_point[0] < low || t->quant.zero_point[0] > (wide ? 0 : low + 255))
      return fail(ErrorCode::bad_file,
                  format("{}: zero point {} is out of range", t->to_string(), t->quant.zero_point[0]));
  }
  if (fn == BinaryFn::maximum || fn == BinaryFn::minimum) {
    for (const Tensor* t : {&b, &y})
      if (t->quant.scale != a.quant.scale || t->quant.zero_point != a.quant.zero_point)
        return fail(ErrorCode::unsupported,
                    format("{} and {} must share scale and zero point", a.to_string(), t->to_string()));
    return {};
  }
  if (a.type == DType::i16 && ctx.node.attrs.as<BinaryAttrs>().pot_scale_int16) {
    bool taken = false;
    THIMBLE_TRY(plan_powers_of_two(ctx, &plan, &taken));
    if (taken) return {};
  }
  plan_integers(fn, activation, a.type, a.quant, b.quant, y.quant, &plan);
  // A product (16 bits; of 16 bits 31) leaves 15 to shift by, a quotient the headroom of its dividend.
  const int headroom = fn == BinaryFn::div ? (a.type == DType::i16 ? 15 : 23) : a.type == DType::i16 ? 0 : 15;
  // From 15 bits on every product of bytes but 0 ends at the type's bound: a state that starts as zeros comes like
  // this.
  if (fn == BinaryFn::mul && a.type != DType::i16) plan.y_shift = std::min(plan.y_shift, headroom);
  if (plan.y_shift > headroom)
    return fail(ErrorCode::bad_file, format("output scale {} is too small for inputs of scale {} and {}",
                                            y.quant.scale[0], a.quant.scale[0], b.quant.scale[0]));
  if (fn == BinaryFn::div) return expect_no_zero_divisor(b);
  return {};
}

Status sum_to_shape(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<SumToShapeAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_ASSIGN(const Shape target, Shape::make(std::span<const int64_t>(ctx.node.attrs.as<SumToShapeAttrs>().shape)));
  THIMBLE_ASSIGN(const Shape wide, broadcast_shape(target, ctx.in(0).shape));
  if (!(wide == ctx.in(0).shape))
    return fail(ErrorCode::internal, format("{} does not broadcast to {}", target.to_string(), ctx.in(0).to_string()));
  ctx.outputs[0] = {DType::f32, target};
  return {};
}

Status extremum_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<ExtremumGradAttrs>());
  for (int i = 0; i < 3; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  THIMBLE_ASSIGN(const Shape shape, broadcast_shape(ctx.in(0).shape, ctx.in(1).shape));
  if (!(shape == ctx.in(2).shape))
    return fail(ErrorCode::internal,
                format("gradient {} is not of shape {}", ctx.in(2).to_string(), shape.to_string()));
  ctx.outputs[0] = {DType::f32, shape};
  return {};
}

}  // namespace thimble::infer
