#include "ops/axes.h"
#include "ops/concatenation/concatenation.h"
#include "ops/op.h"
#include "ops/split/split.h"

namespace thimble::reference {

// Serves split and split_v.
void split(const RefCall& call) {
  const SplitInputs which = split_inputs(call.node.op);
  const TensorView &x = call.in[static_cast<size_t>(which.x)], &a = call.in[static_cast<size_t>(which.axis)];
  const int64_t given = IntList(a.type, a.data, 1).values[0];
  const auto axis = static_cast<int>(given < 0 ? given + x.shape.rank() : given);
  int64_t at = 0;
  for (const TensorView& y : call.out) {
    plan_part(y.shape, x.shape, axis, at, bits(x.type) / 8, false).copy(x.as<uint8_t>(), y.as<uint8_t>());
    at += y.shape[axis];
  }
}

}  // namespace thimble::reference
