#include "ops/operands.h"

namespace thimble::operand_rule {

OperandRule range(Op) { return {.roles = {Role::integers}}; }

}  // namespace thimble::operand_rule
