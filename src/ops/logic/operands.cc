#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule logic(Op op) {
  const bool one = op == Op::logical_not;
  return {.roles = {Role::data},
          .axes = one ? [](AxisMap& map) { map.same(0); }
                      : [](AxisMap& map) {
                          map.broadcast(0);
                          map.broadcast(1);
                        },
          .row_major = one};
}

}  // namespace thimble::operand_rule
