#include "train/grad.h"
#include "ops/loss/loss.h"

namespace thimble::gradient {

Status softmax_crossentropy(GradContext& ctx) {
  if (ctx.dy(1) != kNoTensor)
    return fail(ErrorCode::unsupported,
                format("node \"{}\": the probabilities of a loss have no gradient", ctx.node.name),
                "use the softmax operator for a value that other layers read");
  if (!ctx.needs(0) || ctx.dy(0) == kNoTensor) return {};
  THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(Op::softmax_crossentropy_grad, {ctx.y(1), ctx.x(1), ctx.dy(0)},
                                                    ctx.node.attrs, ctx.node.name + "/dx"));
  return {};
}

Status loss(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  THIMBLE_ASSIGN(ctx.input_grads[0],
                 ctx.builder.op(Op::loss_grad, {ctx.x(0), ctx.x(1), ctx.dy()}, ctx.node.attrs, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
