#include "formats/tflite/rule.h"
#include "ops/embedding_lookup/embedding_lookup.h"

namespace thimble::tflite_rule {

// EMBEDDING_LOOKUP 7, without options.
tflite::TfliteRule embedding_lookup(Op) {
  return {{{7, 0}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::embedding_lookup;
            ctx.node.attrs = EmbeddingLookupAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 7;
            ctx.version = ctx.in(1).quant.per_axis() ? 4 : 1;
            return {};
          }};
}

}  // namespace thimble::tflite_rule
