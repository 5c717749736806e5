#include "formats/tflite/rule.h"
#include "ops/hashtable_lookup/hashtable_lookup.h"

namespace thimble::tflite_rule {

// HASHTABLE_LOOKUP 10, without options.
tflite::TfliteRule hashtable_lookup(Op) {
  return {{{10, 0}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::hashtable_lookup;
            ctx.node.attrs = HashtableLookupAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 10;

            return {};
          }};
}

}  // namespace thimble::tflite_rule
