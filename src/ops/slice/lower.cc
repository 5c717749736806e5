#include "ops/slice/slice.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

Result<bool> slice(LowerContext& ctx) {
  if (ctx.out().shape.elements() == 0) return false;
  lower_copy(ctx, ctx.plan<thimble_slice>().copy, ctx.node.inputs[0], ctx.node.outputs[0]);
  return true;
}

Result<bool> slice_grad(LowerContext& ctx) {
  if (ctx.out().shape.elements() == 0) return false;
  lower_fill(ctx, ctx.constant<uint8_t>(8), kNoTensor, ctx.node.outputs[0]);
  lower_copy(ctx, ctx.plan<thimble_slice>().copy, ctx.node.inputs[0], ctx.node.outputs[0]);
  return true;
}

}  // namespace thimble::lowering
