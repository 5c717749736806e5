#include "runtime/lower.h"
#include "ops/conv2d/conv2d.h"
#include "ops/weighted.h"
#include "runtime/lower_gemm.h"

namespace thimble::lowering {

// An implicit matrix product: rows are output pixels, a table gives the run of channels under each
// tap. A 1×1 convolution of stride 1 needs no table.
Result<bool> conv2d(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<Conv2dAttrs>();
  const Tensor& w = ctx.in(1);
  const auto& plan = ctx.plan<thimble_conv2d>();
  const ConvDims d(plan);
  if (d.groups() != 1 || ctx.in(0).type == DType::i16) return false;
  const bool hybrid = weighted_kind(ctx.in(0), w) == WeightedKind::hybrid;
  GemmShape shape;
  shape.n = d.outputs;
  shape.k = d.channels;
  shape.m = d.window.out_pixels();
  shape.images = d.batch;
  shape.image_stride = d.window.in_pixels() * d.channels;
  shape.activation = attrs.activation;
  if (plan.y.multiplier) shape.requant = requant_args(ctx, plan.y, d.outputs);
  if (hybrid) {
    shape.hybrid_images = true;
    shape.asymmetric_rows = hybrid_conv_is_asymmetric(w.quant, 1);
  }
  if (!d.window.pointwise()) {
    shape.taps = d.window.taps();
    shape.window = &d.window;
    if (!forward_offsets(d.window, d.channels, &shape.offsets)) return false;
  } else if (!hybrid) {
    shape.m *= shape.images;
    shape.images = 1;
  }
  return lower_gemm(ctx, shape);
}

}  // namespace thimble::lowering
