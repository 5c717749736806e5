#include "train/grad.h"
#include "ops/cumsum/cumsum.h"

namespace thimble::gradient {

// Each x adds to all sums behind it: the running sum of dy from the other end.
Status cumsum(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  CumsumAttrs attrs = ctx.node.attrs.as<CumsumAttrs>();
  attrs.reverse = !attrs.reverse;
  THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(Op::cumsum, {ctx.dy(), ctx.x(1)}, attrs, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
