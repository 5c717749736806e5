#include "ops/batch_norm/batch_norm.h"

#include <cmath>

namespace thimble::infer {
namespace {

// x is input 0; inputs [first, last] hold one value per channel.
Status check(InferContext& ctx, int first, int last) {
  THIMBLE_TRY(ctx.expect_attrs<BatchNormAttrs>());
  const auto& attrs = ctx.node.attrs.as<BatchNormAttrs>();
  if (!(attrs.epsilon >= 0) || !std::isfinite(attrs.epsilon) || !(attrs.momentum >= 0 && attrs.momentum <= 1))
    return fail(ErrorCode::usage, format("epsilon {} or momentum {} is out of range", attrs.epsilon, attrs.momentum));
  for (int i = 0; i < ctx.arity(); ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  const Shape& x = ctx.in(0).shape;
  const int64_t channels = x.dim(-1);
  if (x.elements() < 1) return fail(ErrorCode::usage, format("input {} is empty", ctx.in(0).to_string()));
  for (int i = first; i <= last; ++i)
    if (!(ctx.in(i).shape == Shape{channels}))
      return fail(ErrorCode::usage,
                  format("{} must hold one value for each of {} channels", ctx.in(i).to_string(), channels));
  return {};
}

}  // namespace

Status batch_norm(InferContext& ctx) {
  const bool training = ctx.node.attrs.as<BatchNormAttrs>().training;
  THIMBLE_TRY(ctx.expect_arity(5, 5, training ? 3 : 1));
  THIMBLE_TRY(check(ctx, 1, 4));
  if (training && (!ctx.in(3).variable || !ctx.in(4).variable))
    return fail(ErrorCode::usage, "running statistics must be variables in training");
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  for (size_t i = 1; i < ctx.outputs.size(); ++i) ctx.outputs[i] = {DType::f32, ctx.in(1).shape};
  return {};
}

Status batch_norm_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(5, 5, 3));
  THIMBLE_TRY(check(ctx, 1, 3));
  if (!(ctx.in(4).shape == ctx.in(0).shape))
    return fail(ErrorCode::internal,
                format("gradient {} does not fit input {}", ctx.in(4).to_string(), ctx.in(0).to_string()));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  ctx.outputs[1] = ctx.outputs[2] = {DType::f32, ctx.in(1).shape};
  return {};
}

}  // namespace thimble::infer
