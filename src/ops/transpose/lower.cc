#include "ops/transpose/transpose.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

Result<bool> transpose(LowerContext& ctx) {
  if (ctx.out().shape.elements() == 0) return false;
  lower_copy(ctx, ctx.plan<thimble_transpose>().copy, ctx.node.inputs[0], ctx.node.outputs[0]);
  return true;
}

}  // namespace thimble::lowering
