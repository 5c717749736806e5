#include "ops/operands.h"
#include "ops/embedding_lookup/embedding_lookup.h"

namespace thimble::operand_rule {

OperandRule embedding_lookup(Op) {
  return {
      .attributes = EmbeddingLookupAttrs{}, .roles = {Role::indices, Role::data, Role::data}, .axes = [](AxisMap& map) {
        map.use(0, 0) = {.link = AxisLink::same, .to = 0};
        map.same(1);
        map.use(1, 0) = {.link = AxisLink::picked, .with = 0};
      }};
}

}  // namespace thimble::operand_rule
