#include "formats/tflite/rule.h"
#include "ops/reverse_sequence/reverse_sequence.h"

namespace thimble::tflite_rule {

// REVERSE_SEQUENCE 112, ReverseSequenceOptions (union tag 87): 0 seq_dim, 1 batch_dim.
tflite::TfliteRule reverse_sequence(Op) {
  return {{{112, 87}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::reverse_sequence;
            ctx.node.attrs = ReverseSequenceAttrs{ctx.options.scalar<int32_t>(0, 0), ctx.options.scalar<int32_t>(1, 0)};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 112;
            const auto& attrs = ctx.node.attrs.as<ReverseSequenceAttrs>();
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int32_t>(0, attrs.axis, 0);
              t.scalar<int32_t>(1, attrs.batch_axis, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
