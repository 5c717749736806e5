#include <cmath>

#include "base/fixed_point.h"
#include "ops/prelu/prelu.h"

namespace thimble::infer {
namespace {

Status expect_alpha(const InferContext& ctx) {
  THIMBLE_ASSIGN(const Shape shape, broadcast_shape(ctx.in(0).shape, ctx.in(1).shape));
  if (shape == ctx.in(0).shape) return {};
  return fail(ErrorCode::bad_file,
              format("alpha {} does not broadcast to {}", ctx.in(1).to_string(), ctx.in(0).to_string()));
}
}  // namespace

Status prelu(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16}));
  const Tensor &x = ctx.in(0), &alpha = ctx.in(1), &y = ctx.declared(0);
  const DType slope = x.type == DType::i16 ? DType::i8 : x.type;
  if (alpha.type != slope)
    return fail(ErrorCode::bad_file, format("alpha {} must be {}", alpha.to_string(), name(slope)));
  THIMBLE_TRY(expect_alpha(ctx));
  ctx.outputs[0] = {x.type, x.shape};
  ctx.in_place = 1;
  auto& plan = ctx.plan.make<thimble_prelu>();
  plan.broadcast = plan_broadcast(x.shape, alpha.shape, x.shape);
  if (x.type == DType::f32) return {};
  if (y.type != x.type) return fail(ErrorCode::bad_file, format("output {} must be {}", y.to_string(), name(x.type)));
  for (const Tensor* t : {&x, &alpha, &y}) THIMBLE_TRY(ctx.expect_per_tensor_quantized(*t));
  const double same = static_cast<double>(x.quant.scale[0]) / y.quant.scale[0];
  const double below = same * alpha.quant.scale[0];
  if (!(same < (x.type == DType::i16 ? 0x1p14 : 0x1p20)) || !(below < (x.type == DType::i16 ? 0x1p7 : 0x1p13)))
    return fail(ErrorCode::bad_file,
                format("output {} does not fit inputs {} and {}", y.to_string(), x.to_string(), alpha.to_string()));
  plan.x_zero = x.quant.zero_point[0];
  plan.alpha_zero = alpha.quant.zero_point[0];
  plan.y_zero = y.quant.zero_point[0];
  if (x.type == DType::i16 && (plan.x_zero != 0 || plan.alpha_zero != 0 || plan.y_zero != 0))
    return fail(ErrorCode::bad_file, format("{} and {} must have zero point 0", x.to_string(), y.to_string()));
  plan.lo = x.type == DType::u8 ? 0 : x.type == DType::i16 ? -32768 : -128;
  plan.hi = x.type == DType::i16 ? 32767 : plan.lo + 255;
  quantize_multiplier(x.quant.scale[0] / y.quant.scale[0], &plan.above_multiplier, &plan.above_shift);
  quantize_multiplier(x.quant.scale[0] * alpha.quant.scale[0] / y.quant.scale[0], &plan.below_multiplier,
                      &plan.below_shift);
  return {};
}

Status prelu_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  for (int i = 0; i < 3; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  THIMBLE_TRY(expect_alpha(ctx));
  if (!(ctx.in(2).shape == ctx.in(0).shape))
    return fail(ErrorCode::internal,
                format("gradient {} is not of shape {}", ctx.in(2).to_string(), ctx.in(0).shape.to_string()));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  ctx.in_place = 1 | 4;
  return {};
}

}  // namespace thimble::infer
