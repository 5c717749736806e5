#include "ops/operands.h"
#include "ops/reverse_sequence/reverse_sequence.h"

namespace thimble::operand_rule {

OperandRule reverse_sequence(Op) {
  return {.attributes = ReverseSequenceAttrs{},
          .roles = {Role::data, Role::indices},
          .axes =
              [](AxisMap& map) {
                const auto& attrs = map.node.attrs.as<ReverseSequenceAttrs>();
                map.same(0);
                const int rank = map.x(0).rank();
                map.use(0, attrs.axis < 0 ? attrs.axis + rank : attrs.axis) = {.does = "reverses"};
                const int batch = attrs.batch_axis < 0 ? attrs.batch_axis + rank : attrs.batch_axis;
                map.use(1, 0) = {.link = AxisLink::same, .to = batch};
              },
          .moves = true};
}

}  // namespace thimble::operand_rule
