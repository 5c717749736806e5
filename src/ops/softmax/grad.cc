#include "train/grad.h"
#include "ops/softmax/softmax.h"

namespace thimble::gradient {

Status softmax(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  const Op op = ctx.node.op == Op::softmax ? Op::softmax_grad : Op::log_softmax_grad;
  THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(op, {ctx.y(), ctx.dy()}, ctx.node.attrs, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
