#include "train/grad.h"
#include "ops/embedding_lookup/embedding_lookup.h"
#include "ops/gather/gather.h"

namespace thimble::gradient {

// Rows of a float table are what gathering along its first axis gives.
Status embedding_lookup(GradContext& ctx) {
  if (!ctx.needs(1)) return {};
  const auto dims = ctx.at(ctx.x(1)).shape.dims();
  THIMBLE_ASSIGN(ctx.input_grads[1],
                 ctx.builder.op(Op::gather_grad, {ctx.dy(), ctx.x(0)},
                                GatherGradAttrs{{dims.begin(), dims.end()}, 0, 0}, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
