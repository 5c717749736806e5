#include "train/grad.h"
#include "ops/relu_grad/relu_grad.h"
#include "ops/unary/unary.h"

namespace thimble::gradient {

Status unary(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  const auto& attrs = ctx.node.attrs.as<UnaryAttrs>();
  const UnaryRow& row = unary_row(ctx.node.op, attrs);
  const std::string name = ctx.node.name + "/dx";
  // A clamp's gradient needs its output alone, so the input's memory is free earlier.
  if (row.traits.fused != Activation::none) {
    THIMBLE_ASSIGN(ctx.input_grads[0],
                   ctx.builder.op(Op::relu_grad, {ctx.y(), ctx.dy()}, ReluGradAttrs{row.traits.fused}, name));
    return {};
  }
  THIMBLE_ASSIGN(ctx.input_grads[0],
                 ctx.builder.op(Op::unary_grad, {ctx.x(0), ctx.y(), ctx.dy()},
                                UnaryGradAttrs{static_cast<int>(&row - unary_rows().data()), attrs.alpha}, name));
  return {};
}

}  // namespace thimble::gradient
