#include "formats/tflite/rule.h"
#include "ops/lstm_cell/lstm_cell.h"

namespace thimble::tflite_rule {

// LSTM 16, LSTMOptions (union tag 14): 0 fused_activation, 1 cell_clip, 2 proj_clip, 3 kernel_type (0 full, 1 basic),
// 4 asymmetric_quantize_inputs.
tflite::TfliteRule lstm_cell(Op) {
  return {{{16, 14}},
          [](tflite::ReadContext& ctx) -> Status {
            LstmCellAttrs attrs;
            attrs.activation = ctx.options.enumeration(0, Activation::none, 6);
            attrs.cell_clip = ctx.options.scalar<float>(1, 0);
            attrs.proj_clip = ctx.options.scalar<float>(2, 0);
            attrs.basic = ctx.options.scalar<int8_t>(3, 0) == 1;
            attrs.asymmetric_quantize_inputs = ctx.options.scalar<uint8_t>(4, 0) != 0;
            ctx.node.op = Op::lstm_cell;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<LstmCellAttrs>();
            const bool hybrid = ctx.in(0).type == DType::f32 && ctx.in(2).type == DType::i8;
            ctx.builtin = 16;
            ctx.version = attrs.basic ? 2 : !hybrid ? 1 : attrs.asymmetric_quantize_inputs ? 4 : 3;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int8_t>(0, static_cast<int8_t>(attrs.activation), 0);
              t.scalar<float>(1, attrs.cell_clip, 0);
              t.scalar<float>(2, attrs.proj_clip, 0);
              t.scalar<int8_t>(3, attrs.basic, 0);
              t.scalar<uint8_t>(4, attrs.asymmetric_quantize_inputs, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
