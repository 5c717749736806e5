#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule broadcast_args(Op) { return {.roles = {Role::data}}; }

}  // namespace thimble::operand_rule
