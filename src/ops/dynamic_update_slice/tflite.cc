#include "formats/tflite/rule.h"
#include "ops/dynamic_update_slice/dynamic_update_slice.h"

namespace thimble::tflite_rule {

// DYNAMIC_UPDATE_SLICE 151, union tag 117: no fields.
tflite::TfliteRule dynamic_update_slice(Op) {
  return {{{151, 117}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::dynamic_update_slice;
            ctx.node.attrs = DynamicUpdateSliceAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 151;
            const DType type = ctx.in(0).type;
            ctx.version = type == DType::i16 ? 4 : type == DType::f16 ? 3 : ctx.in(2).type == DType::i64 ? 2 : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
