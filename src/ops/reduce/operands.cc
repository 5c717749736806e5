#include "ops/operands.h"
#include "ops/reduce/reduce.h"

namespace thimble::operand_rule {

OperandRule reduce(Op op) {
  return {.attributes = ReduceAttrs{},
          .roles = {Role::data, Role::integers},
          .axes =
              [](AxisMap& map) {
                const int rank = map.x(0).rank();
                const bool keeps = map.node.attrs.as<ReduceAttrs>().keep_dims;
                const IntList axes = map.ints(1);
                int to = 0;
                for (int a = 0; a < rank; ++a) {
                  bool reduced = false;
                  for (const int64_t listed : axes.span())
                    reduced = reduced || (listed < 0 ? listed + rank : listed) == a;
                  if (reduced)
                    map.use(0, a) = {.link = AxisLink::contracted, .does = "reduces over"};
                  else
                    map.use(0, a) = {.link = AxisLink::same, .to = to};
                  to += !reduced || keeps;
                }
              },
          .homogeneous = op == Op::mean,
          .commutes = op == Op::mean ? Commutes::any : Commutes::no};
}

}  // namespace thimble::operand_rule
