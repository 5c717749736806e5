#include "ops/axes.h"
#include "ops/concatenation/concatenation.h"
#include "ops/op.h"

namespace thimble::reference {

void concatenation(const RefCall& call) {
  const TensorView& y = call.out[0];
  int axis = call.node.attrs.as<ConcatenationAttrs>().axis;
  if (axis < 0) axis += y.shape.rank();
  int64_t at = 0;
  for (const TensorView& x : call.in) {
    const StridedCopy plan = plan_part(x.shape, y.shape, axis, at, bits(x.type) / 8, true);
    at += x.shape[axis];
    plan.copy(x.as<uint8_t>(), y.as<uint8_t>());
    if (x.type != DType::u8 || x.quant->empty() ||
        (x.quant->scale == y.quant->scale && x.quant->zero_point == y.quant->zero_point))
      continue;
    const int64_t rows = y.shape.elements(0, axis), inside = y.shape.elements(axis + 1, y.shape.rank());
    for (int64_t r = 0; r < rows; ++r) {
      uint8_t* part = y.as<uint8_t>() + (r * y.shape[axis] + at - x.shape[axis]) * inside;
      for (int64_t i = 0; i < x.shape[axis] * inside; ++i) part[i] = rescaled(part[i], *x.quant, *y.quant);
    }
  }
}

}  // namespace thimble::reference
