#include "ops/operands.h"
#include "ops/embedding_lookup_sparse/embedding_lookup_sparse.h"

namespace thimble::operand_rule {

OperandRule embedding_lookup_sparse(Op) {
  return {.attributes = EmbeddingLookupSparseAttrs{},
          .roles = {Role::indices, Role::indices, Role::integers, Role::data, Role::data},
          .axes = [](AxisMap& map) { map.use(4, 0) = {.link = AxisLink::picked, .with = 0}; }};
}

}  // namespace thimble::operand_rule
