#include "ops/operands.h"
#include "ops/local_response_norm/local_response_norm.h"

namespace thimble::operand_rule {

OperandRule local_response_norm(Op) {
  return {.attributes = LocalResponseNormAttrs{}, .roles = {Role::data}, .axes = [](AxisMap& map) {
            map.same(0);
            map.use(0, 3) = {.link = AxisLink::coupled, .to = 3};
          }};
}

}  // namespace thimble::operand_rule
