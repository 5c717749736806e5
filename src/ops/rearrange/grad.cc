#include "train/grad.h"
#include "ops/rearrange/rearrange.h"

namespace thimble::gradient {

Status rearrange(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  const auto dims = ctx.at(ctx.x(0)).shape.dims();
  RearrangeGradAttrs attrs = rearrange_settings(ctx.node);
  attrs.shape.assign(dims.begin(), dims.end());
  std::vector<TensorId> inputs = {ctx.dy()};
  for (int i = 1; i <= rearrange_operands(ctx.node.op); ++i) inputs.push_back(ctx.x(static_cast<size_t>(i)));
  THIMBLE_ASSIGN(ctx.input_grads[0],
                 ctx.builder.op(Op::rearrange_grad, std::move(inputs), std::move(attrs), ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
