#include "micro/emit.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble::emit_c {

using namespace sequence_lstm;

// The weights of the gates go in as a struct of pointers.
Status unidirectional_sequence_lstm(micro::EmitContext& ctx) {
  const DType type = ctx.in(kInput).type;
  if (!ctx.resolved.plan.holds<thimble_unidirectional_sequence_lstm>())
    return ctx.unsupported("no C for coupled gates, projections, layer normalisation and integer peepholes",
                           "train the layer without them");
  if (type != ctx.in(kInputWeights).type)
    return ctx.unsupported("no C for float activations with int8 weights",
                           "`thimble quantize --to int8` makes all of it integers");
  const char* suffix = type == DType::i8 ? "s8" : "f32";
  const auto list = [&](size_t first, size_t count) {
    std::string text = "{";
    for (size_t i = 0; i < count; ++i) text += (i ? ", " : "") + ctx.operand(first + i);
    return text + "}";
  };
  std::string members = "{" + list(kInputWeights, 4) + ", " + list(kRecurrentWeights, 4) + ", " + list(kBias, 4);
  if (type != DType::i8) members += ", " + list(kPeephole, 3);
  const std::string weights = ctx.declare("weights", format("thimble_lstm_weights_{}", suffix), members + "}");
  ctx.call(micro::kernel("unidirectional_sequence_lstm"), format("thimble_unidirectional_sequence_lstm_{}", suffix),
           {ctx.plan("thimble_unidirectional_sequence_lstm"), ctx.operand(kInput), "&" + weights,
            ctx.operand(kHiddenState), ctx.operand(kCellState), ctx.result()});
  return {};
}

}  // namespace thimble::emit_c
