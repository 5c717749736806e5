#include "train/grad.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble::gradient {

Status depthwise_conv2d(GradContext& ctx) {
  Builder& b = ctx.builder;
  const auto& attrs = ctx.node.attrs.as<DepthwiseConv2dAttrs>();
  THIMBLE_ASSIGN(const TensorId dy, activation_gradient(ctx, attrs.activation));
  DepthwiseConv2dAttrs plain = attrs;
  plain.activation = Activation::none;
  if (ctx.needs(0)) {
    THIMBLE_ASSIGN(ctx.input_grads[0],
                   b.op(Op::depthwise_conv2d_grad_input, {dy, ctx.x(1), ctx.x(0)}, plain, ctx.node.name + "/dx"));
  }
  if (ctx.needs(1)) {
    THIMBLE_ASSIGN(ctx.input_grads[1],
                   b.op(Op::depthwise_conv2d_grad_weights, {ctx.x(0), dy, ctx.x(1)}, plain, ctx.node.name + "/dw"));
  }
  if (ctx.has(2) && ctx.needs(2)) {
    THIMBLE_ASSIGN(ctx.input_grads[2], b.op(Op::bias_grad, {dy}, {}, ctx.node.name + "/db"));
  }
  return {};
}

}  // namespace thimble::gradient
