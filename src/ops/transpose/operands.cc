#include "ops/operands.h"
#include "ops/transpose/transpose.h"

namespace thimble::operand_rule {

OperandRule transpose(Op) {
  return {.attributes = TransposeAttrs{},
          .roles = {Role::data, Role::integers},
          .axes =
              [](AxisMap& map) {
                const IntList permutation = map.ints(1);
                const int rank = map.x(0).rank();
                for (int to = 0; to < rank && static_cast<size_t>(to) < permutation.count; ++to) {
                  const int64_t from = permutation.values[static_cast<size_t>(to)];
                  map.use(0, static_cast<int>(from < 0 ? from + rank : from)) = {.link = AxisLink::same, .to = to};
                }
              },
          .moves = true};
}

}  // namespace thimble::operand_rule
