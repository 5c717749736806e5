#include "ops/operands.h"
#include "ops/lstm/lstm.h"

namespace thimble::operand_rule {

// Its axes are those of the operator that models carry (unidirectional_sequence_lstm); passes see only that one.
OperandRule lstm(Op) {
  return {.attributes = LstmAttrs{}, .roles = {Role::data, Role::weights, Role::weights, Role::bias}};
}

}  // namespace thimble::operand_rule
