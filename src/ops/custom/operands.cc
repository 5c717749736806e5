#include "ops/operands.h"
#include "ops/custom/custom.h"

namespace thimble::operand_rule {

OperandRule custom(Op) { return {.attributes = CustomAttrs{}, .roles = {Role::data}}; }

}  // namespace thimble::operand_rule
