#include "train/grad.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::gradient {

// y = x·wᵀ + b:  dx = dy·w,  dw = dyᵀ·x,  db = Σ_batch dy
Status fully_connected(GradContext& ctx) {
  Builder& b = ctx.builder;
  THIMBLE_ASSIGN(const TensorId dy, activation_gradient(ctx, ctx.node.attrs.as<FullyConnectedAttrs>().activation));
  if (ctx.needs(0)) {
    THIMBLE_ASSIGN(ctx.input_grads[0],
                   b.op(Op::fully_connected_grad_input, {dy, ctx.x(1), ctx.x(0)}, {}, ctx.node.name + "/dx"));
  }
  if (ctx.needs(1)) {
    THIMBLE_ASSIGN(ctx.input_grads[1],
                   b.op(Op::fully_connected_grad_weights, {ctx.x(0), dy}, {}, ctx.node.name + "/dw"));
  }
  if (ctx.has(2) && ctx.needs(2)) {
    THIMBLE_ASSIGN(ctx.input_grads[2], b.op(Op::bias_grad, {dy}, {}, ctx.node.name + "/db"));
  }
  return {};
}

}  // namespace thimble::gradient
