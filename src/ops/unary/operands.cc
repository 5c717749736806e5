#include "ops/operands.h"
#include "ops/unary/unary.h"

namespace thimble::operand_rule {

OperandRule unary(Op op) {
  return {.attributes = UnaryAttrs{},
          .roles = {Role::data},
          .axes = [](AxisMap& map) { map.same(0); },
          .answer = op == Op::sigmoid ? Answer::probabilities : Answer::none,
          .row_major = true,
          .homogeneous = op == Op::relu || op == Op::leaky_relu,
          .fused_form = op == Op::relu           ? Activation::relu
                        : op == Op::relu6        ? Activation::relu6
                        : op == Op::relu_n1_to_1 ? Activation::relu_n1_to_1
                                                 : Activation::none};
}

}  // namespace thimble::operand_rule
