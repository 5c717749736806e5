#include "ops/operands.h"
#include "ops/pad/pad.h"

namespace thimble::operand_rule {

OperandRule pad(Op) {
  return {.attributes = PadAttrs{},
          .roles = {Role::data, Role::integers, Role::parameter},
          .axes =
              [](AxisMap& map) {
                map.same(0);
                const IntList amount = map.ints(1);
                for (int a = 0; a < map.x(0).rank(); ++a) {
                  const size_t before = 2 * static_cast<size_t>(a);
                  if (before + 1 >= amount.count)
                    map.use(0, a) = {.does = "pads"};
                  else if (amount.values[before] != 0 || amount.values[before + 1] != 0)
                    map.use(0, a) = {
                        .link = AxisLink::placed, .to = a, .offset = amount.values[before], .does = "pads"};
                }
              },
          .homogeneous = true};
}

}  // namespace thimble::operand_rule
