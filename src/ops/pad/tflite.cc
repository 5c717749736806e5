#include "formats/tflite/rule.h"
#include "ops/pad/pad.h"

namespace thimble::tflite_rule {

// PAD 34 (PadOptions, union tag 22) and PADV2 60 (PadV2Options, 43); no fields.
tflite::TfliteRule pad(Op) {
  return {{{34, 22}, {60, 43}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::pad;
            ctx.node.attrs = PadAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const bool with_value = ctx.has(2);
            const Tensor& x = ctx.in(0);
            ctx.builtin = with_value ? 60 : 34;
            if (!with_value) ctx.inputs.resize(2);
            ctx.version = x.type == DType::boolean ? 5
                          : x.shape.rank() > 4     ? 4
                          : x.type == DType::i16   ? 3
                          : x.type == DType::i8    ? 2
                                                   : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
