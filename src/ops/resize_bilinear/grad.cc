#include "train/grad.h"
#include "ops/resize_bilinear/resize_bilinear.h"

namespace thimble::gradient {

Status resize_bilinear(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  const auto dims = ctx.at(ctx.x(0)).shape.dims();
  const auto& attrs = ctx.node.attrs.as<ResizeAttrs>();
  THIMBLE_ASSIGN(
      ctx.input_grads[0],
      ctx.builder.op(Op::resize_bilinear_grad, {ctx.dy(), ctx.x(1)},
                     ResizeGradAttrs{{dims.begin(), dims.end()}, attrs.align_corners, attrs.half_pixel_centers},
                     ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
