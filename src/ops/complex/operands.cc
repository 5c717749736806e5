#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule complex(Op) {
  return {.roles = {Role::data}, .axes = [](AxisMap& map) { map.same(0); }, .row_major = true};
}

}  // namespace thimble::operand_rule
