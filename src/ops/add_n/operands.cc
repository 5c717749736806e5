#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule add_n(Op) {
  return {.roles = {Role::data},
          .axes =
              [](AxisMap& map) {
                for (size_t i = 0; i < map.node.inputs.size(); ++i) map.same(i);
              },
          .homogeneous = false};
}

}  // namespace thimble::operand_rule
