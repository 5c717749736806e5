#include "ops/operands.h"
#include "ops/fake_quant/fake_quant.h"

namespace thimble::operand_rule {

OperandRule fake_quant(Op) {
  return {.attributes = FakeQuantAttrs{},
          .roles = {Role::data},
          .axes = [](AxisMap& map) { map.same(0); },
          .row_major = true};
}

}  // namespace thimble::operand_rule
