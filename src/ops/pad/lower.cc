#include <algorithm>

#include "ops/pad/pad.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

// A fill, then the copy into the middle.
Result<bool> pad(LowerContext& ctx) {
  const auto& plan = ctx.plan<thimble_pad>();
  if (plan.elements == 0) return false;
  uint8_t* value = ctx.constant<uint8_t>(8);
  std::copy(std::begin(plan.value), std::end(plan.value), value);
  lower_fill(ctx, value, ctx.has(2) ? ctx.node.inputs[2] : kNoTensor, ctx.node.outputs[0]);
  lower_copy(ctx, plan.copy, ctx.node.inputs[0], ctx.node.outputs[0]);
  return true;
}

}  // namespace thimble::lowering
