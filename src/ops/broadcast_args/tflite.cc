#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// BROADCAST_ARGS 145, without options.
tflite::TfliteRule broadcast_args(Op) {
  return {{{145, 0}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::broadcast_args;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 145;
            return {};
          }};
}

}  // namespace thimble::tflite_rule
