#include <algorithm>

#include "ops/pad/pad.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

// A fill, then the copy into the middle.
Result<bool> pad(LowerContext& ctx) {
  const Tensor &x = ctx.in(0), &paddings = ctx.in(1), &y = ctx.out();
  if (y.shape.elements() == 0) return false;
  const auto zero = pad_zero(y.type, y.quant);
  uint8_t* value = ctx.constant<uint8_t>(8);
  std::copy(zero.begin(), zero.end(), value);
  lower_fill(ctx, value, ctx.has(2) ? ctx.node.inputs[2] : kNoTensor, ctx.node.outputs[0]);
  const auto before = pad_before(paddings.type, paddings.data.bytes, x.shape.rank());
  lower_copy(ctx, plan_pad(x.shape, y.shape, before, bits(y.type) / 8), ctx.node.inputs[0], ctx.node.outputs[0]);
  return true;
}

}  // namespace thimble::lowering
