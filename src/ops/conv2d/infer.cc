#include <algorithm>

#include "base/numbers.h"
#include "ops/conv2d/conv2d.h"
#include "ops/weighted.h"

namespace thimble {

bool hybrid_conv_is_asymmetric(const Quantization& w, int64_t groups) {
  return groups != 1 || std::ranges::any_of(w.scale, [&](float s) { return s != w.scale[0]; });
}

namespace infer {

Status conv2d(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<Conv2dAttrs>());
  const auto& attrs = ctx.node.attrs.as<Conv2dAttrs>();
  THIMBLE_TRY(ctx.expect_rank(0, 4, 4));
  THIMBLE_TRY(ctx.expect_rank(1, 4, 4));
  THIMBLE_TRY(expect_clamp_activation(attrs.activation));
  const Shape &x = ctx.in(0).shape, &w = ctx.in(1).shape;
  THIMBLE_ASSIGN(const Window window, conv_window(attrs, x, w));
  const int64_t outputs = w[0], channels = x[3], group_channels = w[3];
  if (outputs < 1 || group_channels < 1 || channels < 1)
    return fail(ErrorCode::bad_file,
                format("weights {} or input {} have no channels", ctx.in(1).to_string(), ctx.in(0).to_string()));
  if (channels % group_channels != 0)
    return fail(ErrorCode::bad_file, format("{} input channels do not divide into groups of {} (weights {})", channels,
                                            group_channels, ctx.in(1).to_string()));
  if (outputs % (channels / group_channels) != 0)
    return fail(ErrorCode::bad_file,
                format("{} outputs do not divide among {} groups", outputs, channels / group_channels));
  THIMBLE_ASSIGN(ctx.outputs[0].type, check_weighted(ctx, outputs, 0));
  const int64_t dims[] = {x[0], window.h.out, window.w.out, outputs};
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  if (!checked_mul(ctx.outputs[0].shape.elements(), window.taps() * group_channels, &ctx.macs))
    return fail(ErrorCode::bad_file, "the number of multiply-accumulates overflows");
  // Hybrid: one quantised image.
  ctx.scratch_bytes = weighted_kind(ctx.in(0), ctx.in(1)) == WeightedKind::hybrid ? window.in_pixels() * channels : 0;
  auto& plan = ctx.plan.make<thimble_conv2d>();
  plan.batch = x[0];
  plan.channels = channels;
  plan.outputs = outputs;
  plan.group_channels = group_channels;
  plan.group_outputs = outputs / (channels / group_channels);
  plan.h = window.h;
  plan.w = window.w;
  plan_output(ctx, outputs, attrs.activation, &plan.x_zero, &plan.y, &plan.range);
  return {};
}

}  // namespace infer
}  // namespace thimble
