#include "ops/operands.h"
#include "ops/lsh_projection/lsh_projection.h"

namespace thimble::operand_rule {

OperandRule lsh_projection(Op) { return {.attributes = LshProjectionAttrs{}, .roles = {Role::data}}; }

}  // namespace thimble::operand_rule
