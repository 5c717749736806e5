#include "ops/operands.h"

namespace thimble::operand_rule {

// Every number of a matrix goes into every one of its transform.
OperandRule rfft2d(Op) {
  return {.roles = {Role::data, Role::integers}, .axes = [](AxisMap& map) {
            for (int a = 0; a + 2 < map.x(0).rank(); ++a) map.use(0, a) = {.link = AxisLink::same, .to = a};
          }};
}

}  // namespace thimble::operand_rule
