#include "ops/operands.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::operand_rule {

// Rows are x's elements in row-major order, cut into the columns of the weights.
OperandRule fully_connected(Op) {
  return {.attributes = FullyConnectedAttrs{},
          .roles = {Role::data, Role::weights, Role::bias},
          .axes =
              [](AxisMap& map) {
                const int rank = map.x(0).rank();
                map.per_channel(2);
                if (rank == 0) return;
                const int64_t columns = map.x(1).dim(-1), channels = map.x(0).dim(-1);
                if (columns == channels && rank == map.y().rank())
                  for (int a = 0; a + 1 < rank; ++a) map.use(0, a) = {.link = AxisLink::same, .to = a};
                map.use(1, 0) = {.link = AxisLink::same, .to = map.y().rank() - 1};
                AxisUse& last = map.use(0, rank - 1);
                if (channels > 0 && columns % channels == 0)
                  last = {.link = AxisLink::contracted, .with = 1, .with_axis = 1};
                else
                  last = {.does = "makes rows across"};
                map.use(0, 0).outermost = true;
              },
          .layer = LayerOperands{.output_axis = 0, .input_axis = 1},
          .fuses = true};
}

}  // namespace thimble::operand_rule
