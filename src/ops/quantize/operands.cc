// quantize, dequantize and cast: every value by itself.
#include "ops/operands.h"

namespace thimble::operand_rule {

// A cast to integers cuts fractions off: what it gives are other values.
OperandRule quantize(Op op) {
  return {.roles = {Role::data},
          .axes = [](AxisMap& map) { map.same(0); },
          .row_major = true,
          .transparent = op != Op::cast,
          .converts = op != Op::cast};
}
OperandRule dequantize(Op op) { return quantize(op); }
OperandRule cast(Op op) { return quantize(op); }

}  // namespace thimble::operand_rule
