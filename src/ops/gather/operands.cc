#include "ops/operands.h"
#include "ops/gather/gather.h"

namespace thimble::operand_rule {

OperandRule gather(Op) {
  return {.attributes = GatherAttrs{}, .roles = {Role::data, Role::indices}, .axes = [](AxisMap& map) {
            const auto& attrs = map.node.attrs.as<GatherAttrs>();
            const auto axes = gather_axes(attrs.axis, attrs.batch_dims, map.x(0), map.x(1));
            if (!axes) return;
            const int picked = map.x(1).rank() - axes->batch_dims;  // axes that stand in place of `axis`
            for (int a = 0; a < map.x(0).rank(); ++a)
              if (a == axes->axis)
                map.use(0, a) = {.link = AxisLink::picked, .with = 1};
              else
                map.use(0, a) = {.link = AxisLink::same, .to = a < axes->axis ? a : a + picked - 1};
            for (int a = 0; a < map.x(1).rank(); ++a)
              map.use(1, a) = {.link = AxisLink::same,
                               .to = a < axes->batch_dims ? a : axes->axis + a - axes->batch_dims};
          }};
}

}  // namespace thimble::operand_rule
