#include "ops/operands.h"
#include "ops/pool2d/pool2d.h"

namespace thimble::operand_rule {

OperandRule pool2d(Op op) {
  return {.attributes = Pool2dAttrs{},
          .roles = {Role::data},
          .axes =
              [](AxisMap& map) {
                map.windows();
                map.use(0, 3) = {.link = AxisLink::same, .to = 3};
              },
          .moves = op == Op::max_pool,
          .homogeneous = op != Op::l2_pool,
          .commutes = op == Op::max_pool       ? Commutes::rising
                      : op == Op::average_pool ? Commutes::any
                                               : Commutes::no};
}

}  // namespace thimble::operand_rule
