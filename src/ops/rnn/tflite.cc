#include "formats/tflite/rule.h"
#include "ops/rnn/rnn.h"

namespace thimble::tflite_rule {
namespace {

// Where a field stands in the options of each operator; −1: it has none.
struct Fields {
  int builtin, options_type, activation, time_major, merge, asymmetric;
};

// RNN 24, RNNOptions (union tag 7); UNIDIRECTIONAL_SEQUENCE_RNN 35, SequenceRNNOptions (31);
// BIDIRECTIONAL_SEQUENCE_RNN 46, BidirectionalSequenceRNNOptions (70).
constexpr Fields fields_of(Op op) {
  if (op == Op::rnn) return {24, 7, 0, -1, -1, 1};
  if (op == Op::unidirectional_sequence_rnn) return {35, 31, 1, 0, -1, 2};
  return {46, 70, 1, 0, 2, 3};
}

Status read(tflite::ReadContext& ctx) {
  const Op op = ctx.builtin == 24   ? Op::rnn
                : ctx.builtin == 35 ? Op::unidirectional_sequence_rnn
                                    : Op::bidirectional_sequence_rnn;
  const Fields f = fields_of(op);
  const auto flag = [&](int field) { return field >= 0 && ctx.options.scalar<uint8_t>(field, 0) != 0; };
  ctx.node.op = op;
  ctx.node.attrs = RnnAttrs{ctx.options.enumeration(f.activation, Activation::none, 6), flag(f.time_major),
                            flag(f.merge), flag(f.asymmetric)};
  return {};
}

Status write(tflite::WriteContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<RnnAttrs>();
  const Fields f = fields_of(ctx.node.op);
  ctx.builtin = f.builtin;
  ctx.version = ctx.in(1).type == DType::f32 ? 1 : attrs.asymmetric_quantize_inputs ? 3 : 2;
  ctx.options_table([&](tflite::TableWriter& t) {
    t.scalar<int8_t>(f.activation, static_cast<int8_t>(attrs.activation), 0);
    if (f.time_major >= 0) t.scalar<uint8_t>(f.time_major, attrs.time_major, 0);
    if (f.merge >= 0) t.scalar<uint8_t>(f.merge, attrs.merge_outputs, 0);
    t.scalar<uint8_t>(f.asymmetric, attrs.asymmetric_quantize_inputs, 0);
  });
  return {};
}

}  // namespace

tflite::TfliteRule rnn(Op op) { return {{{fields_of(op).builtin, fields_of(op).options_type}}, read, write}; }

}  // namespace thimble::tflite_rule
