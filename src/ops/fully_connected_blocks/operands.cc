#include "ops/operands.h"
#include "ops/fully_connected_blocks/fully_connected_blocks.h"

namespace thimble::operand_rule {

// Weights and scales belong to each other: nothing that changes weights of other layers may touch these, so they are
// constant operands, as those of a product of matrices are.
OperandRule fully_connected_blocks(Op) {
  return {.attributes = FullyConnectedBlocksAttrs{},
          .roles = {Role::data, Role::data, Role::data, Role::data},
          .axes = [](AxisMap& map) {
            const int rank = map.x(0).rank();
            if (rank == 0) return;
            const int64_t columns = map.x(1).dim(-1), channels = map.x(0).dim(-1);
            if (columns == channels && rank == map.y().rank())
              for (int a = 0; a + 1 < rank; ++a) map.use(0, a) = {.link = AxisLink::same, .to = a};
            map.use(1, 0) = {.link = AxisLink::same, .to = map.y().rank() - 1};
            map.use(0, 0).outermost = true;
          }};
}

}  // namespace thimble::operand_rule
