#include "train/grad.h"
#include "ops/softmax/softmax.h"

namespace thimble::gradient {

Status softmax(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  THIMBLE_ASSIGN(ctx.input_grads[0],
                 ctx.builder.op(Op::softmax_grad, {ctx.y(), ctx.dy()}, ctx.node.attrs, ctx.node.name + "/dx"));
  return {};
}

Status log_softmax(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  THIMBLE_ASSIGN(ctx.input_grads[0],
                 ctx.builder.op(Op::log_softmax_grad, {ctx.y(), ctx.dy()}, {}, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
