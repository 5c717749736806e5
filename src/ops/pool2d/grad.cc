#include "train/grad.h"
#include "ops/pool2d/pool2d.h"

namespace thimble::gradient {

Status pool2d(GradContext& ctx) {
  const Op op = ctx.node.op == Op::max_pool ? Op::max_pool_grad : Op::average_pool_grad;
  Pool2dAttrs attrs = ctx.node.attrs.as<Pool2dAttrs>();
  THIMBLE_ASSIGN(const TensorId dy, activation_gradient(ctx, attrs.activation));
  attrs.activation = Activation::none;
  if (ctx.needs(0)) {
    THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(op, {ctx.x(0), dy}, attrs, ctx.node.name + "/dx"));
  }
  return {};
}

}  // namespace thimble::gradient
