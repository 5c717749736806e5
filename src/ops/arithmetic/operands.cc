#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule arithmetic(Op) {
  return {.roles = {Role::data}, .axes = [](AxisMap& map) {
            map.broadcast(0);
            map.broadcast(1);
          }};
}

}  // namespace thimble::operand_rule
