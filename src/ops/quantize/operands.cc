// quantize, dequantize and cast: every value by itself.
#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule quantize(Op) {
  return {.roles = {Role::data}, .axes = [](AxisMap& map) { map.same(0); }, .row_major = true, .transparent = true};
}
OperandRule dequantize(Op op) { return quantize(op); }
OperandRule cast(Op op) { return quantize(op); }

}  // namespace thimble::operand_rule
