#include "ops/operands.h"
#include "ops/dynamic_update_slice/dynamic_update_slice.h"

namespace thimble::operand_rule {

OperandRule dynamic_update_slice(Op) {
  return {.attributes = DynamicUpdateSliceAttrs{}, .roles = {Role::data, Role::data, Role::indices}};
}

}  // namespace thimble::operand_rule
