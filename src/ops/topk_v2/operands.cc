#include "ops/operands.h"
#include "ops/topk_v2/topk_v2.h"

namespace thimble::operand_rule {

OperandRule topk_v2(Op) {
  return {.attributes = TopkAttrs{}, .roles = {Role::data, Role::integers}, .axes = [](AxisMap& map) {
            map.same(0);
            map.use(0, map.x(0).rank() - 1) = {.does = "sorts"};
          }};
}

}  // namespace thimble::operand_rule
