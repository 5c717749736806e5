#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// PRELU 54, no options.
tflite::TfliteRule prelu(Op) {
  return {{{54, 0}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::prelu;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 54;
            return {};
          }};
}

}  // namespace thimble::tflite_rule
