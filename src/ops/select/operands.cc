#include "ops/operands.h"
#include "ops/select/select.h"

namespace thimble::operand_rule {

// The condition of select may stand for the first axis alone.
OperandRule select(Op) {
  return {.attributes = SelectAttrs{}, .roles = {Role::data}, .axes = [](AxisMap& map) {
            const bool rows = map.node.op == Op::select && map.x(0).rank() == 1 && map.y().rank() > 1;
            if (rows)
              map.use(0, 0) = {.link = AxisLink::same, .to = 0};
            else
              map.broadcast(0);
            map.broadcast(1);
            map.broadcast(2);
          }};
}

}  // namespace thimble::operand_rule
