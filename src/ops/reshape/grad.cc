#include "train/grad.h"
#include "ops/reshape/reshape.h"

namespace thimble::gradient {

// dx = dy in the shape of x.
Status reshape(GradContext& ctx) {
  const auto dims = ctx.at(ctx.x(0)).shape.dims();
  THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(Op::reshape, {ctx.dy()}, ReshapeAttrs{{dims.begin(), dims.end()}},
                                                    ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
