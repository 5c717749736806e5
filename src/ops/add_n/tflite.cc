#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// ADD_N 106 (AddNOptions, union tag 82), without fields.
tflite::TfliteRule add_n(Op) {
  return {{{106, 82}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::add_n;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 106;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
