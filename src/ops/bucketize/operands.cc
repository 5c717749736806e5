#include "ops/operands.h"
#include "ops/bucketize/bucketize.h"

namespace thimble::operand_rule {

OperandRule bucketize(Op) {
  return {.attributes = BucketizeAttrs{}, .roles = {Role::data}, .axes = [](AxisMap& map) { map.same(0); }};
}

}  // namespace thimble::operand_rule
