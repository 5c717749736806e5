#include "ops/operands.h"
#include "ops/hashtable_lookup/hashtable_lookup.h"

namespace thimble::operand_rule {

OperandRule hashtable_lookup(Op) {
  return {.attributes = HashtableLookupAttrs{}, .roles = {Role::data, Role::data, Role::data}};
}

}  // namespace thimble::operand_rule
