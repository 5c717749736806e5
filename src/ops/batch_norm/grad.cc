#include "train/grad.h"
#include "ops/batch_norm/batch_norm.h"

namespace thimble::gradient {

Status batch_norm(GradContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<BatchNormAttrs>();
  const TensorId mean = attrs.training ? ctx.y(1) : ctx.x(3), deviation = attrs.training ? ctx.y(2) : ctx.x(4);
  THIMBLE_ASSIGN(const auto grads,
                 ctx.builder.node(Op::batch_norm_grad, {ctx.x(0), ctx.x(1), mean, deviation, ctx.dy()}, attrs,
                                  ctx.node.name + "/dx", 3));
  for (size_t i = 0; i < 3; ++i)
    if (ctx.needs(i)) ctx.input_grads[i] = grads[i];
  return {};
}

}  // namespace thimble::gradient
