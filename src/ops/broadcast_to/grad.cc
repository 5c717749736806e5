#include "train/grad.h"
#include "ops/binary/binary.h"

namespace thimble::gradient {

// Summed over what was repeated.
Status broadcast_to(GradContext& ctx) {
  const size_t source = ctx.node.op == Op::fill ? 1 : 0;
  if (!ctx.needs(source)) return {};
  const auto dims = ctx.at(ctx.x(source)).shape.dims();
  THIMBLE_ASSIGN(
      ctx.input_grads[source],
      ctx.builder.op(Op::sum_to_shape, {ctx.dy()}, SumToShapeAttrs{{dims.begin(), dims.end()}}, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
