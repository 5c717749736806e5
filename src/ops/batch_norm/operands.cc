#include "ops/operands.h"
#include "ops/batch_norm/batch_norm.h"

namespace thimble::operand_rule {

// In its training form (more outputs than y) every value depends on the whole batch.
OperandRule batch_norm(Op) {
  return {.attributes = BatchNormAttrs{}, .roles = {Role::data, Role::statistics}, .axes = [](AxisMap& map) {
            if (map.node.outputs.size() > 1) return;
            map.same(0);
            for (size_t i = 1; i < map.node.inputs.size(); ++i) map.per_channel(i);
          }};
}

}  // namespace thimble::operand_rule
