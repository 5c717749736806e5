#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// BITCAST 159 (BitcastOptions, union tag 124), without fields.
tflite::TfliteRule bitcast(Op) {
  return {{{159, 124}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::bitcast;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 159;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
