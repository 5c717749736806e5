#include "ops/operands.h"
#include "ops/one_hot/one_hot.h"

namespace thimble::operand_rule {

OperandRule one_hot(Op) {
  return {.attributes = OneHotAttrs{},
          .roles = {Role::data, Role::integers, Role::parameter, Role::parameter},
          .axes = [](AxisMap& map) {
            const int rank = map.x(0).rank(), listed = map.node.attrs.as<OneHotAttrs>().axis;
            const int axis = listed < 0 ? listed + rank + 1 : listed;
            for (int a = 0; a < rank; ++a) map.use(0, a) = {.link = AxisLink::same, .to = a < axis ? a : a + 1};
          }};
}

}  // namespace thimble::operand_rule
