#include "formats/tflite/rule.h"
#include "ops/embedding_lookup_sparse/embedding_lookup_sparse.h"

namespace thimble::tflite_rule {

// EMBEDDING_LOOKUP_SPARSE 33, EmbeddingLookupSparseOptions (union tag 20): 0 combiner (0 sum, 1 mean, 2 sqrtn).
tflite::TfliteRule embedding_lookup_sparse(Op) {
  return {{{33, 20}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::embedding_lookup_sparse;
            ctx.node.attrs = EmbeddingLookupSparseAttrs{ctx.options.enumeration(0, Combiner::sum, 3)};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto combiner = ctx.node.attrs.as<EmbeddingLookupSparseAttrs>().combiner;
            ctx.builtin = 33;
            ctx.options_table([&](tflite::TableWriter& t) { t.scalar<int8_t>(0, static_cast<int8_t>(combiner), 0); });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
