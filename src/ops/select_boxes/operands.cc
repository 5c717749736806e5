#include "ops/operands.h"
#include "ops/select_boxes/select_boxes.h"

namespace thimble::operand_rule {

OperandRule select_boxes(Op) {
  return {.attributes = SelectBoxesAttrs{}, .roles = {Role::data, Role::data, Role::integers, Role::parameter}};
}

}  // namespace thimble::operand_rule
