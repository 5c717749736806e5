#include "ops/operands.h"
#include "ops/batch_matmul/batch_matmul.h"

namespace thimble::operand_rule {

// Both operands are data: attention multiplies two that are computed.
OperandRule batch_matmul(Op) {
  return {.attributes = BatchMatmulAttrs{}, .roles = {Role::data, Role::data}, .axes = [](AxisMap& map) {
            const auto& attrs = map.node.attrs.as<BatchMatmulAttrs>();
            const int rank = map.y().rank();
            for (size_t i = 0; i < 2; ++i) {
              const int own = map.x(i).rank();
              const bool adjoint = i == 0 ? attrs.adj_x : attrs.adj_y;
              for (int a = 0; a + 2 < own; ++a)
                map.use(i, a) = {.link = AxisLink::same, .to = a + rank - own, .broadcasts = true};
              const int outer = adjoint ? own - 1 : own - 2, inner = adjoint ? own - 2 : own - 1;
              map.use(i, i == 0 ? outer : inner) = {.link = AxisLink::same, .to = i == 0 ? rank - 2 : rank - 1};
              const int with_rank = map.x(1 - i).rank();
              const bool with_adjoint = i == 0 ? attrs.adj_y : attrs.adj_x;
              map.use(i, i == 0 ? inner : outer) = {
                  .link = AxisLink::contracted,
                  .with = static_cast<int>(1 - i),
                  .with_axis = i == 0 ? with_rank - (with_adjoint ? 1 : 2) : with_rank - (with_adjoint ? 2 : 1)};
            }
          }};
}

}  // namespace thimble::operand_rule
