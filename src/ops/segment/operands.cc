#include "ops/operands.h"
#include "ops/segment/segment.h"

namespace thimble::operand_rule {

OperandRule segment(Op op) {
  return {.attributes = SegmentAttrs{},
          .roles = {Role::data, op == Op::segment_sum ? Role::integers : Role::indices, Role::integers},
          .axes = [](AxisMap& map) {
            const int leading = map.x(1).rank();
            for (int a = leading; a < map.x(0).rank(); ++a)
              map.use(0, a) = {.link = AxisLink::same, .to = a - leading + 1};
          }};
}

}  // namespace thimble::operand_rule
