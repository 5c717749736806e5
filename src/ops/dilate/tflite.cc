#include "formats/tflite/rule.h"
#include "ops/dilate/dilate.h"

namespace thimble::tflite_rule {

// DILATE 203; its options, an empty table, are of the second union and may be left out.
tflite::TfliteRule dilate(Op) {
  return {{{203, 0}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::dilate;
            ctx.node.attrs = DilateAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 203;
            ctx.version = 1;
            return {};
          }};
}

}  // namespace thimble::tflite_rule
