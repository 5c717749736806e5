#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule prelu(Op) {
  return {.roles = {Role::data, Role::slope},
          .axes =
              [](AxisMap& map) {
                map.same(0);
                map.broadcast(1);
              },
          .row_major = true,
          .homogeneous = true};
}

}  // namespace thimble::operand_rule
