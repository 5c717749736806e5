#include "ops/operands.h"
#include "ops/assign/assign.h"

namespace thimble::operand_rule {

OperandRule assign(Op) { return {.attributes = AssignAttrs{}, .roles = {Role::state, Role::data}}; }

}  // namespace thimble::operand_rule
