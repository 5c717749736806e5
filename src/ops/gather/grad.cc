#include "train/grad.h"
#include "ops/gather/gather.h"

namespace thimble::gradient {

// Each entry of dy goes back to where it was taken; indices have no gradient.
Status gather(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  const auto& attrs = ctx.node.attrs.as<GatherAttrs>();
  const auto dims = ctx.at(ctx.x(0)).shape.dims();
  THIMBLE_ASSIGN(
      ctx.input_grads[0],
      ctx.builder.op(Op::gather_grad, {ctx.dy(), ctx.x(1)},
                     GatherGradAttrs{{dims.begin(), dims.end()}, attrs.axis, attrs.batch_dims}, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
