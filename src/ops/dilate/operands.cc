#include "ops/operands.h"
#include "ops/dilate/dilate.h"

namespace thimble::operand_rule {

OperandRule dilate(Op) {
  return {
      .attributes = DilateAttrs{}, .roles = {Role::data, Role::integers, Role::parameter}, .axes = [](AxisMap& map) {
        const IntList dilations = map.ints(1);
        for (int a = 0; a < map.x(0).rank(); ++a)
          if (static_cast<size_t>(a) < dilations.count && dilations.values[static_cast<size_t>(a)] == 1)
            map.use(0, a) = {.link = AxisLink::same, .to = a};
          else
            map.use(0, a).does = "spreads";
      }};
}

}  // namespace thimble::operand_rule
