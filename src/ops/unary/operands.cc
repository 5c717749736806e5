#include "ops/operands.h"
#include "ops/unary/unary.h"

namespace thimble::operand_rule {

OperandRule unary(Op op) {
  const UnaryTraits& traits = unary_row(op).traits;
  return {.attributes = UnaryAttrs{},
          .roles = {Role::data},
          .axes = [](AxisMap& map) { map.same(0); },
          .answer = op == Op::sigmoid ? Answer::probabilities : Answer::none,
          .row_major = true,
          .homogeneous = op == Op::relu || op == Op::leaky_relu,
          .fused_form = traits.fused};
}

}  // namespace thimble::operand_rule
