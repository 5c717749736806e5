#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// RANGE 96 (RangeOptions, union tag 73), without fields.
tflite::TfliteRule range(Op) {
  return {{{96, 73}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::range;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 96;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
