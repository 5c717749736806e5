#include "ops/operands.h"
#include "ops/conv2d/conv2d.h"

namespace thimble::operand_rule {

// x [n, h, w, c], weights [out, kh, kw, c / groups], bias [out].
OperandRule conv2d(Op) {
  return {.attributes = Conv2dAttrs{},
          .roles = {Role::data, Role::weights, Role::bias},
          .axes =
              [](AxisMap& map) {
                map.use(0, 0) = {.link = AxisLink::same, .to = 0};
                map.use(0, 1) = {.link = AxisLink::slides, .to = 1};
                map.use(0, 2) = {.link = AxisLink::slides, .to = 2};
                map.weighted(1, 0, 3);
                map.per_channel(2);
              },
          .layer = LayerOperands{.output_axis = 0, .input_axis = 3},
          .fuses = true};
}

}  // namespace thimble::operand_rule
