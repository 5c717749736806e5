#include "train/grad.h"
#include "ops/dropout/dropout.h"

namespace thimble::gradient {

// y is linear in x with the mask of this step, which the same operator draws again.
Status dropout(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  THIMBLE_ASSIGN(ctx.input_grads[0],
                 ctx.builder.op(Op::dropout, {ctx.dy(), ctx.x(1)}, ctx.node.attrs, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
