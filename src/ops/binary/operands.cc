#include "ops/operands.h"
#include "ops/binary/binary.h"

namespace thimble::operand_rule {

OperandRule binary(Op op) {
  return {.attributes = BinaryAttrs{},
          .roles = {Role::data},
          .axes =
              [](AxisMap& map) {
                map.broadcast(0);
                map.broadcast(1);
              },
          .fuses = op == Op::add || op == Op::sub || op == Op::mul};
}

}  // namespace thimble::operand_rule
