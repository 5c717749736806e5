#include "ops/concatenation/concatenation.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

// One copy per input. Rescaling (legacy uint8) is left to the reference.
Result<bool> concatenation(LowerContext& ctx) {
  const Tensor& y = ctx.out();
  int axis = ctx.node.attrs.as<ConcatenationAttrs>().axis;
  if (axis < 0) axis += y.shape.rank();
  if (y.shape.elements() == 0) return false;
  for (TensorId t : ctx.node.inputs) {
    const Quantization& q = ctx.graph.at(t).quant;
    if (y.type == DType::u8 && (q.scale != y.quant.scale || q.zero_point != y.quant.zero_point)) return false;
  }
  int64_t at = 0;
  for (TensorId t : ctx.node.inputs) {
    const Shape& x = ctx.graph.at(t).shape;
    lower_copy(ctx, plan_part(x, y.shape, axis, at, bits(y.type) / 8, true), t, ctx.node.outputs[0]);
    at += x[axis];
  }
  return true;
}

}  // namespace thimble::lowering
