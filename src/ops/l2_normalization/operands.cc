#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule l2_normalization(Op) {
  return {.roles = {Role::data}, .axes = [](AxisMap& map) {
            map.same(0);
            const int last = map.x(0).rank() - 1;
            map.use(0, last) = {.link = AxisLink::coupled, .to = last, .does = "normalises along"};
          }};
}

}  // namespace thimble::operand_rule
