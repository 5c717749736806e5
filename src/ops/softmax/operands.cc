#include "ops/operands.h"
#include "ops/softmax/softmax.h"

namespace thimble::operand_rule {

OperandRule softmax(Op op) {
  return {.attributes = op == Op::softmax ? Attrs(SoftmaxAttrs{}) : Attrs{},
          .roles = {Role::data},
          .axes =
              [](AxisMap& map) {
                map.same(0);
                const int last = map.x(0).rank() - 1;
                map.use(0, last) = {.link = AxisLink::coupled, .to = last};
              },
          .answer = op == Op::softmax ? Answer::probabilities : Answer::log_probabilities};
}

}  // namespace thimble::operand_rule
