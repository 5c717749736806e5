#include "ops/operands.h"
#include "ops/resize_bilinear/resize_bilinear.h"

namespace thimble::operand_rule {

OperandRule resize_bilinear(Op) {
  return {.attributes = ResizeAttrs{},
          .roles = {Role::data, Role::integers},
          .axes =
              [](AxisMap& map) {
                map.use(0, 0) = {.link = AxisLink::same, .to = 0};
                map.use(0, 1) = map.use(0, 2) = {.does = "interpolates along"};
                map.use(0, 3) = {.link = AxisLink::same, .to = 3};
              },
          .homogeneous = true};
}

}  // namespace thimble::operand_rule
