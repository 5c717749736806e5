#include "ops/operands.h"
#include "ops/where/where.h"

namespace thimble::operand_rule {

OperandRule where(Op) { return {.attributes = WhereAttrs{}, .roles = {Role::integers}}; }

}  // namespace thimble::operand_rule
