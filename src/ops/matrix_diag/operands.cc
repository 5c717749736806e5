#include "ops/operands.h"
#include "ops/matrix_diag/matrix_diag.h"

namespace thimble::operand_rule {

OperandRule matrix_diag(Op op) {
  if (op == Op::matrix_diag)
    return {.attributes = MatrixDiagAttrs{}, .roles = {Role::data}, .axes = [](AxisMap& map) {
              const int last = map.x(0).rank() - 1;
              for (int a = 0; a <= last; ++a) map.use(0, a) = {.link = AxisLink::same, .to = a < last ? a : a + 1};
            }};
  return {.attributes = MatrixDiagAttrs{}, .roles = {Role::data}, .axes = [](AxisMap& map) {
            map.same(0);
            for (int a = 0; a + 1 < map.x(1).rank(); ++a) map.use(1, a) = {.link = AxisLink::same, .to = a};
          }};
}

}  // namespace thimble::operand_rule
