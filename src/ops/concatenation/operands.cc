#include "ops/operands.h"
#include "ops/concatenation/concatenation.h"

namespace thimble::operand_rule {

OperandRule concatenation(Op) {
  return {.attributes = ConcatenationAttrs{}, .roles = {Role::data}, .axes = [](AxisMap& map) {
            const int listed = map.node.attrs.as<ConcatenationAttrs>().axis, rank = map.y().rank();
            const int axis = listed < 0 ? listed + rank : listed;
            int64_t offset = 0;
            for (size_t i = 0; i < map.node.inputs.size(); ++i) {
              map.same(i);
              map.use(i, axis) = {.link = AxisLink::placed, .to = axis, .offset = offset, .does = "concatenates along"};
              offset += map.x(i)[axis];
            }
          }};
}

}  // namespace thimble::operand_rule
