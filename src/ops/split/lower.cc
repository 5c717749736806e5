#include "ops/axes.h"
#include "ops/concatenation/concatenation.h"
#include "ops/split/split.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

// One copy per output.
Result<bool> split(LowerContext& ctx) {
  const SplitInputs which = split_inputs(ctx.node.op);
  const Tensor &x = ctx.in(which.x), &a = ctx.in(which.axis);
  if (x.shape.elements() == 0) return false;
  const int64_t given = IntList(a.type, a.data.bytes, 1).values[0];
  const auto axis = static_cast<int>(given < 0 ? given + x.shape.rank() : given);
  int64_t at = 0;
  for (TensorId t : ctx.node.outputs) {
    const Shape& y = ctx.graph.at(t).shape;
    lower_copy(ctx, plan_part(y, x.shape, axis, at, bits(x.type) / 8, false),
               ctx.node.inputs[static_cast<size_t>(which.x)], t);
    at += y[axis];
  }
  return true;
}

}  // namespace thimble::lowering
