#include "ops/assign/assign.h"
#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule assign(Op) { return {.attributes = AssignAttrs{}, .roles = {Role::state, Role::data}}; }

}  // namespace thimble::operand_rule
