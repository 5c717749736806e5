#include "ops/operands.h"
#include "ops/non_max_suppression/non_max_suppression.h"

namespace thimble::operand_rule {

OperandRule non_max_suppression(Op) {
  return {.attributes = NonMaxSuppressionAttrs{}, .roles = {Role::data, Role::data, Role::integers, Role::parameter}};
}

}  // namespace thimble::operand_rule
