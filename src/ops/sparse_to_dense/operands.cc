#include "ops/operands.h"
#include "ops/sparse_to_dense/sparse_to_dense.h"

namespace thimble::operand_rule {

OperandRule sparse_to_dense(Op) {
  return {.attributes = SparseToDenseAttrs{}, .roles = {Role::indices, Role::integers, Role::data, Role::parameter}};
}

}  // namespace thimble::operand_rule
