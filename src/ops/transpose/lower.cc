#include "ops/transpose/transpose.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

Result<bool> transpose(LowerContext& ctx) {
  const Tensor &x = ctx.in(0), &p = ctx.in(1), &y = ctx.out();
  if (y.shape.elements() == 0) return false;
  const IntList perm(p.type, p.data.bytes, p.shape.elements());
  lower_copy(ctx, plan_transpose(x.shape, y.shape, perm, bits(y.type) / 8), ctx.node.inputs[0], ctx.node.outputs[0]);
  return true;
}

}  // namespace thimble::lowering
