#include "formats/tflite/rule.h"
#include "ops/topk_v2/topk_v2.h"

namespace thimble::tflite_rule {

// TOPK_V2 48, TopKV2Options (union tag 34): no fields.
tflite::TfliteRule topk_v2(Op) {
  return {{{48, 34}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::topk_v2;
            ctx.node.attrs = TopkAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const DType type = ctx.in(0).type;
            ctx.builtin = 48;
            ctx.version = type == DType::i16 || ctx.in(1).type == DType::i16 || ctx.out(1).type == DType::i16 ? 3
                          : type == DType::i8                                                                 ? 2
                                                                                                              : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
