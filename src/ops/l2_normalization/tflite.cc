#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// L2_NORMALIZATION 11 (L2NormOptions, union tag 12): 0 fused_activation, which no runtime has.
tflite::TfliteRule l2_normalization(Op) {
  return {{{11, 12}},
          [](tflite::ReadContext& ctx) -> Status {
            if (ctx.options.scalar<int8_t>(0, 0) != 0)
              return fail(ErrorCode::unsupported, "a fused activation: LiteRT does not run it either");
            ctx.node.op = Op::l2_normalization;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 11;
            ctx.version = ctx.in(0).type == DType::i8 ? 2 : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
