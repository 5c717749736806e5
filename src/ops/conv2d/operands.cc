#include "ops/operands.h"
#include "ops/conv2d/conv2d.h"

namespace thimble::operand_rule {

// x [n, h, w, c], weights [out, kh, kw, c / groups], bias [out].
OperandRule conv2d(Op) {
  return {.attributes = Conv2dAttrs{},
          .roles = {Role::data, Role::weights, Role::bias},
          .axes =
              [](AxisMap& map) {
                map.windows();
                map.use(0, 3) = {.link = AxisLink::contracted, .with = 1, .with_axis = 3};
                map.use(1, 0) = {.link = AxisLink::same, .to = 3};
                map.per_channel(2);
              },
          .layer = LayerOperands{.output_axis = 0, .input_axis = 3},
          .fuses = true};
}

}  // namespace thimble::operand_rule
