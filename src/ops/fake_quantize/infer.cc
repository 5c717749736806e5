#include "ops/fake_quantize/fake_quantize.h"
#include "ops/op.h"

namespace thimble::infer {
namespace {

using namespace fake_quantize;

Status expect(const InferContext& ctx, int input, DType type, const Shape& shape) {
  const Tensor& t = ctx.in(input);
  if (t.type == type && t.shape == shape) return {};
  return fail(ErrorCode::internal,
              format("input {} {} must be {} {}", input, t.to_string(), name(type), shape.to_string()));
}

// scale, zero point and attributes, which both operators have; x is input 0.
Status check(const InferContext& ctx, int scale, int zero_point) {
  THIMBLE_TRY(ctx.expect_attrs<FakeQuantizeAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(scale, 1, 1));
  const Shape& s = ctx.in(scale).shape;
  THIMBLE_TRY(expect(ctx, scale, DType::f32, s));
  THIMBLE_TRY(expect(ctx, zero_point, DType::i32, Shape{1}));
  const auto& attrs = ctx.node.attrs.as<FakeQuantizeAttrs>();
  const int64_t n = ctx.in(0).shape.elements();
  if (attrs.inner < 1 || s[0] < 1 || (s[0] > 1 && n % (attrs.inner * s[0]) != 0))
    return fail(ErrorCode::internal,
                format("{} scales of {} elements do not fit {}", s[0], attrs.inner, ctx.in(0).to_string()));
  if (attrs.low >= attrs.high) return fail(ErrorCode::internal, format("bounds {} and {}", attrs.low, attrs.high));
  return {};
}

}  // namespace

Status fake_quantize(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(4, kInputs, 1));
  THIMBLE_TRY(check(ctx, kScale, kZeroPoint));
  THIMBLE_TRY(expect(ctx, kQ, DType::i8, ctx.in(kX).shape));
  if (ctx.has(kRange) != ctx.has(kKeep)) return fail(ErrorCode::internal, "range and keep go together");
  if (ctx.has(kRange)) {
    THIMBLE_TRY(expect(ctx, kRange, DType::f32, Shape{2}));
    THIMBLE_TRY(expect(ctx, kKeep, DType::f32, Shape{1}));
    if (!ctx.in(kRange).variable) return fail(ErrorCode::internal, "the range must be a variable");
  }
  if (ctx.has(kLearned)) THIMBLE_TRY(expect(ctx, kLearned, DType::f32, ctx.in(kScale).shape));
  ctx.outputs[0] = {DType::f32, ctx.in(kX).shape};
  return {};
}

Status fake_quantize_grad(InferContext& ctx) {
  const bool learned = ctx.has(kGradLearned);
  THIMBLE_TRY(ctx.expect_arity(4, kGradInputs, learned ? 2 : 1));
  THIMBLE_TRY(check(ctx, kGradScale, kGradZeroPoint));
  THIMBLE_TRY(expect(ctx, kGradDy, DType::f32, ctx.in(0).shape));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  if (!learned) return {};
  if (!ctx.node.attrs.as<FakeQuantizeAttrs>().clip)
    return fail(ErrorCode::internal, "a learned scale needs the gradient clipped");
  THIMBLE_TRY(expect(ctx, kGradY, DType::f32, ctx.in(0).shape));
  THIMBLE_TRY(expect(ctx, kGradLearned, DType::f32, ctx.in(kGradScale).shape));
  ctx.outputs[1] = {DType::f32, ctx.in(kGradScale).shape};
  return {};
}

}  // namespace thimble::infer
