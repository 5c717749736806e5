#include "ops/operands.h"
#include "ops/argmax_pool/argmax_pool.h"

namespace thimble::operand_rule {

OperandRule argmax_pool(Op) {
  return {.attributes = Pool2dAttrs{}, .roles = {Role::data}, .axes = [](AxisMap& map) {
            for (size_t i = 0; i < map.node.inputs.size(); ++i)
              for (const int a : {0, 3}) map.use(i, a) = {.link = AxisLink::same, .to = a};
          }};
}

}  // namespace thimble::operand_rule
