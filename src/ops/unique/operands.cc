#include "ops/operands.h"
#include "ops/unique/unique.h"

namespace thimble::operand_rule {

OperandRule unique(Op) { return {.attributes = UniqueAttrs{}, .roles = {Role::integers}}; }

}  // namespace thimble::operand_rule
