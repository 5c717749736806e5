#include "ops/conv2d/conv2d.h"

#include "train/grad.h"

namespace thimble::gradient {

// dx: dy gathered back through the window times w; dw: x under each tap times dy; db = Σ dy.
Status conv2d(GradContext& ctx) {
  Builder& b = ctx.builder;
  const auto& attrs = ctx.node.attrs.as<Conv2dAttrs>();
  THIMBLE_ASSIGN(const TensorId dy, activation_gradient(ctx, attrs.activation));
  Conv2dAttrs plain = attrs;
  plain.activation = Activation::none;
  if (ctx.needs(0)) {
    THIMBLE_ASSIGN(ctx.input_grads[0],
                   b.op(Op::conv2d_grad_input, {dy, ctx.x(1), ctx.x(0)}, plain, ctx.node.name + "/dx"));
  }
  if (ctx.needs(1)) {
    THIMBLE_ASSIGN(ctx.input_grads[1],
                   b.op(Op::conv2d_grad_weights, {ctx.x(0), dy, ctx.x(1)}, plain, ctx.node.name + "/dw"));
  }
  if (ctx.has(2) && ctx.needs(2)) {
    THIMBLE_ASSIGN(ctx.input_grads[2], b.op(Op::bias_grad, {dy}, {}, ctx.node.name + "/db"));
  }
  return {};
}

}  // namespace thimble::gradient
