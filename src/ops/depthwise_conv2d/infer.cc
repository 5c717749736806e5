#include "base/numbers.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/weighted.h"

namespace thimble::infer {

Status depthwise_conv2d(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<DepthwiseConv2dAttrs>());
  const auto& attrs = ctx.node.attrs.as<DepthwiseConv2dAttrs>();
  THIMBLE_TRY(ctx.expect_rank(0, 4, 4));
  THIMBLE_TRY(ctx.expect_rank(1, 4, 4));
  THIMBLE_TRY(expect_clamp_activation(attrs.activation));
  const Shape &x = ctx.in(0).shape, &w = ctx.in(1).shape;
  THIMBLE_ASSIGN(const Window window, conv_window(attrs, x, w));
  const int64_t outputs = w[3], channels = x[3];
  if (w[0] != 1)
    return fail(ErrorCode::bad_file, format("weights {}: the first dimension must be 1", ctx.in(1).to_string()));
  if (outputs < 1 || channels < 1 || outputs % channels != 0)
    return fail(ErrorCode::bad_file, format("{} outputs are no multiple of {} input channels (weights {})", outputs,
                                            channels, ctx.in(1).to_string()));
  THIMBLE_ASSIGN(ctx.outputs[0].type, check_weighted(ctx, outputs, 3));
  if (ctx.in(0).type == DType::i16 && ctx.has(2) && ctx.in(2).type != DType::i64)
    return fail(ErrorCode::unsupported, format("bias {} of int16 activations must be int64", ctx.in(2).to_string()));
  const int64_t dims[] = {x[0], window.h.out, window.w.out, outputs};
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  if (!checked_mul(ctx.outputs[0].shape.elements(), window.taps(), &ctx.macs))
    return fail(ErrorCode::bad_file, "the number of multiply-accumulates overflows");
  // Hybrid: one quantised image.
  ctx.scratch_bytes = weighted_kind(ctx.in(0), ctx.in(1)) == WeightedKind::hybrid ? window.in_pixels() * channels : 0;
  auto& plan = ctx.plan.make<thimble_depthwise_conv2d>();
  plan.batch = x[0];
  plan.channels = channels;
  plan.outputs = outputs;
  plan.multiplier = outputs / channels;
  plan.h = window.h;
  plan.w = window.w;
  plan_output(ctx, outputs, attrs.activation, &plan.x_zero, &plan.y, &plan.range);
  return {};
}

}  // namespace thimble::infer
