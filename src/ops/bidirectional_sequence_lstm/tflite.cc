#include "formats/tflite/rule.h"
#include "ops/bidirectional_sequence_lstm/bidirectional_sequence_lstm.h"

namespace thimble::tflite_rule {

// BIDIRECTIONAL_SEQUENCE_LSTM 52, BidirectionalSequenceLSTMOptions (union tag 69): 0 fused_activation, 1 cell_clip,
// 2 proj_clip, 3 merge_outputs, 4 time_major (true unless it is said), 5 asymmetric_quantize_inputs.
tflite::TfliteRule bidirectional_sequence_lstm(Op) {
  return {
      {{52, 69}},
      [](tflite::ReadContext& ctx) -> Status {
        BidirectionalLstmAttrs attrs;
        attrs.activation = ctx.options.enumeration(0, Activation::none, 6);
        attrs.cell_clip = ctx.options.scalar<float>(1, 0);
        attrs.proj_clip = ctx.options.scalar<float>(2, 0);
        attrs.merge_outputs = ctx.options.scalar<uint8_t>(3, 0) != 0;
        attrs.time_major = ctx.options.scalar<uint8_t>(4, 1) != 0;
        attrs.asymmetric_quantize_inputs = ctx.options.scalar<uint8_t>(5, 0) != 0;
        ctx.node.op = Op::bidirectional_sequence_lstm;
        ctx.node.attrs = attrs;
        return {};
      },
      [](tflite::WriteContext& ctx) -> Status {
        const auto& attrs = ctx.node.attrs.as<BidirectionalLstmAttrs>();
        ctx.builtin = 52;
        ctx.version = attrs.asymmetric_quantize_inputs || ctx.in(2).type == DType::i8 ? 3 : !attrs.time_major ? 2 : 1;
        ctx.options_table([&](tflite::TableWriter& t) {
          t.scalar<int8_t>(0, static_cast<int8_t>(attrs.activation), 0);
          t.scalar<float>(1, attrs.cell_clip, 0);
          t.scalar<float>(2, attrs.proj_clip, 0);
          t.scalar<uint8_t>(3, attrs.merge_outputs, 0);
          t.scalar<uint8_t>(4, attrs.time_major, 1);
          t.scalar<uint8_t>(5, attrs.asymmetric_quantize_inputs, 0);
        });
        return {};
      }};
}

}  // namespace thimble::tflite_rule
