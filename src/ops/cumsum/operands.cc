#include "ops/operands.h"
#include "ops/cumsum/cumsum.h"

namespace thimble::operand_rule {

OperandRule cumsum(Op) {
  return {.attributes = CumsumAttrs{}, .roles = {Role::data, Role::integers}, .axes = [](AxisMap& map) {
            map.same(0);
            const IntList axes = map.ints(1);
            if (axes.span().size() != 1) return;
            const auto axis = static_cast<int>(axes.span()[0] < 0 ? axes.span()[0] + map.x(0).rank() : axes.span()[0]);
            map.use(0, axis) = {.link = AxisLink::coupled, .to = axis, .does = "sums along"};
          }};
}

}  // namespace thimble::operand_rule
