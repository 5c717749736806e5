#include "base/numbers.h"
#include "ops/transpose_conv/transpose_conv.h"
#include "ops/weighted.h"

namespace thimble::infer {

using namespace transpose_conv_input;

Status transpose_conv(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(4, 4, 1, 2));
  THIMBLE_TRY(ctx.expect_attrs<TransposeConvAttrs>());
  if (!ctx.has(kShape)) return fail(ErrorCode::bad_file, "the shape of the output is left out");
  const auto& attrs = ctx.node.attrs.as<TransposeConvAttrs>();
  THIMBLE_TRY(ctx.expect_rank(kX, 4, 4));
  THIMBLE_TRY(ctx.expect_rank(kWeights, 4, 4));
  THIMBLE_TRY(expect_clamp_activation(attrs.activation));
  const Shape &x = ctx.in(kX).shape, &w = ctx.in(kWeights).shape;
  THIMBLE_ASSIGN(const std::vector<int64_t> shape, ctx.constant_ints(kShape));
  if (shape.size() != 4)
    return fail(ErrorCode::bad_file, format("the output's shape {} has {} dimensions, must have 4",
                                            ctx.in(kShape).to_string(), shape.size()));
  const int64_t outputs = w[0], channels = w[3];
  if (outputs < 1 || channels < 1)
    return fail(ErrorCode::bad_file, format("weights {} have no channels", ctx.in(kWeights).to_string()));
  if (x[3] != channels)
    return fail(ErrorCode::bad_file, format("input {} and weights {} have different numbers of channels",
                                            ctx.in(kX).to_string(), ctx.in(kWeights).to_string()));
  if (shape[3] != outputs)
    return fail(ErrorCode::bad_file, format("the output's shape asks for {} channels, weights {} make {}", shape[3],
                                            ctx.in(kWeights).to_string(), outputs));
  const int64_t dims[] = {x[0], shape[1], shape[2], outputs};
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  THIMBLE_ASSIGN(const Window window,
                 make_window(shape[1], shape[2], w[1], w[2], attrs.stride_h, attrs.stride_w, 1, 1, attrs.padding));
  if (window.h.out != x[1] || window.w.out != x[2])
    return fail(ErrorCode::bad_file,
                format("an output of {} × {} belongs to an input of {} × {} (kernel {} × {}, strides {} × {}, padding "
                       "{}), not to {}",
                       shape[1], shape[2], window.h.out, window.w.out, w[1], w[2], attrs.stride_h, attrs.stride_w,
                       name(attrs.padding), ctx.in(kX).to_string()));
  THIMBLE_ASSIGN(ctx.outputs[0].type, check_weighted(ctx, outputs, 0));
  if (!checked_mul(x.elements(), window.taps(), &ctx.macs) || !checked_mul(ctx.macs, outputs, &ctx.macs))
    return fail(ErrorCode::bad_file, "the number of multiply-accumulates overflows");
  const bool hybrid = weighted_kind(ctx.in(kX), ctx.in(kWeights)) == WeightedKind::hybrid;
  ctx.scratch_bytes = hybrid ? window.out_pixels() * channels : 0;  // one quantised image
  auto& plan = ctx.plan.make<thimble_transpose_conv>();
  plan.batch = x[0];
  plan.channels = channels;
  plan.outputs = outputs;
  plan.h = window.h;
  plan.w = window.w;
  plan_output(ctx, outputs, attrs.activation, &plan.x_zero, &plan.y, &plan.range);
  return {};
}

}  // namespace thimble::infer

void fields(thimble::PlanVisitor& v, const thimble_transpose_conv& p) {
  v.number("batch", p.batch);
  v.number("channels", p.channels);
  v.number("outputs", p.outputs);
  fields(v, "height", p.h);
  fields(v, "width", p.w);
  v.number("zero point of x", p.x_zero);
  fields(v, "y", p.y, p.outputs);
  fields(v, "range", p.range);
}
