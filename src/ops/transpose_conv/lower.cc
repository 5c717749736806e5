#include "runtime/lower.h"
#include "ops/transpose_conv/transpose_conv.h"
#include "ops/weighted.h"
#include "runtime/lower_gemm.h"

namespace thimble::lowering {

// An implicit matrix product: rows are y's pixels, a table says which pixel of x each tap reaches. Between the strides
// most taps reach none: they read zeros.
Result<bool> transpose_conv(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<TransposeConvAttrs>();
  const auto& plan = ctx.plan<thimble_transpose_conv>();
  const Window window{plan.h, plan.w};
  if (ctx.in(0).type == DType::i16) return false;
  GemmShape shape;
  shape.n = plan.outputs;
  shape.k = plan.channels;
  shape.m = window.in_pixels();
  shape.images = plan.batch;
  shape.image_stride = window.out_pixels() * plan.channels;
  shape.taps = window.taps();
  shape.activation = attrs.activation;
  if (plan.y.multiplier) shape.requant = requant_args(ctx, plan.y, plan.outputs);
  shape.hybrid_images = shape.asymmetric_rows = weighted_kind(ctx.in(0), ctx.in(1)) == WeightedKind::hybrid;
  if (!backward_offsets(window, plan.channels, &shape.offsets)) return false;
  return lower_gemm(ctx, shape);
}

}  // namespace thimble::lowering
