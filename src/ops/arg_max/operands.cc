#include "ops/operands.h"
#include "ops/arg_max/arg_max.h"

namespace thimble::operand_rule {

OperandRule arg_max(Op op) {
  return {.attributes = ArgMaxAttrs{},
          .roles = {Role::data, Role::integers},
          .axes =
              [](AxisMap& map) {
                const IntList axes = map.ints(1);
                if (axes.span().size() != 1) return;
                const auto axis =
                    static_cast<int>(axes.span()[0] < 0 ? axes.span()[0] + map.x(0).rank() : axes.span()[0]);
                for (int a = 0; a < map.x(0).rank(); ++a)
                  if (a == axis)
                    map.use(0, a) = {.link = AxisLink::contracted, .does = "searches along"};
                  else
                    map.use(0, a) = {.link = AxisLink::same, .to = a < axis ? a : a - 1};
              },
          .decides = op == Op::arg_max ? Decides::category : Decides::nothing};
}

}  // namespace thimble::operand_rule
