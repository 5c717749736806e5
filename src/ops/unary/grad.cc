#include "train/grad.h"
#include "ops/relu_grad/relu_grad.h"
#include "ops/unary/unary.h"

namespace thimble::gradient {

Status unary(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  const auto& attrs = ctx.node.attrs.as<UnaryAttrs>();
  const UnaryFn fn = unary_fn(ctx.node.op, attrs);
  const std::string name = ctx.node.name + "/dx";
  // A clamp's gradient needs its output alone, so the input's memory is free earlier.
  if (fn == UnaryFn::relu || fn == UnaryFn::relu6 || fn == UnaryFn::relu_n1_to_1) {
    const Activation a = fn == UnaryFn::relu    ? Activation::relu
                         : fn == UnaryFn::relu6 ? Activation::relu6
                                                : Activation::relu_n1_to_1;
    THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(Op::relu_grad, {ctx.y(), ctx.dy()}, ReluGradAttrs{a}, name));
    return {};
  }
  THIMBLE_ASSIGN(ctx.input_grads[0],
                 ctx.builder.op(Op::unary_grad, {ctx.x(0), ctx.y(), ctx.dy()}, UnaryGradAttrs{fn, attrs.alpha}, name));
  return {};
}

}  // namespace thimble::gradient
