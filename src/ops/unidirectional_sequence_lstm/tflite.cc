#include "formats/tflite/rule.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble::tflite_rule {

// UNIDIRECTIONAL_SEQUENCE_LSTM 44, UnidirectionalSequenceLSTMOptions (union tag 71):
// 0 fused_activation_function, 1 cell_clip, 2 proj_clip, 3 time_major, 4 asymmetric_quantize_inputs,
// 5 diagonal_recurrent_tensors.
tflite::TfliteRule unidirectional_sequence_lstm(Op) {
  return {{{44, 71}},
          [](tflite::ReadContext& ctx) -> Status {
            SequenceLstmAttrs attrs;
            attrs.activation = ctx.options.enumeration(0, Activation::none, 6);
            attrs.cell_clip = ctx.options.scalar<float>(1, 0);
            attrs.proj_clip = ctx.options.scalar<float>(2, 0);
            attrs.time_major = ctx.options.scalar<uint8_t>(3, 0) != 0;
            attrs.asymmetric_quantize_inputs = ctx.options.scalar<uint8_t>(4, 0) != 0;
            attrs.diagonal_recurrent_tensors = ctx.options.scalar<uint8_t>(5, 0) != 0;
            ctx.node.op = Op::unidirectional_sequence_lstm;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<SequenceLstmAttrs>();
            const bool integer = ctx.in(0).type == DType::i8, hybrid = !integer && ctx.in(2).type == DType::i8;
            ctx.builtin = 44;
            ctx.version = integer || attrs.asymmetric_quantize_inputs ? 3 : hybrid ? 2 : 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int8_t>(0, static_cast<int8_t>(attrs.activation), 0);
              t.scalar<float>(1, attrs.cell_clip, 0);
              t.scalar<float>(2, attrs.proj_clip, 0);
              t.scalar<uint8_t>(3, attrs.time_major, 0);
              t.scalar<uint8_t>(4, attrs.asymmetric_quantize_inputs, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
