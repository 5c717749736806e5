#include "ops/operands.h"
#include "ops/random/random.h"

namespace thimble::operand_rule {

OperandRule random(Op op) {
  if (op != Op::multinomial) return {.attributes = RandomAttrs{}, .roles = {Role::integers, Role::state}};
  return {.attributes = RandomAttrs{}, .roles = {Role::data, Role::integers, Role::state}};
}

}  // namespace thimble::operand_rule
