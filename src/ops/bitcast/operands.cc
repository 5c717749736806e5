#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule bitcast(Op) {
  return {.roles = {Role::data}, .axes = [](AxisMap& map) {
            for (int a = 0; a < std::min(map.x(0).rank(), map.y().rank()); ++a)
              map.use(0, a) = {.link = AxisLink::same, .to = a};
          }};
}

}  // namespace thimble::operand_rule
