#include "formats/tflite/rule.h"
#include "ops/concatenation/concatenation.h"

namespace thimble::tflite_rule {

// ConcatenationOptions (union tag 10): 0 axis, 1 fused_activation.
tflite::TfliteRule concatenation(Op) {
  return {{{2, 10}},
          [](tflite::ReadContext& ctx) -> Status {
            ConcatenationAttrs attrs;
            attrs.axis = ctx.options.scalar<int32_t>(0, 0);
            attrs.activation = ctx.options.enumeration(1, Activation::none, 6);
            ctx.node.op = Op::concatenation;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<ConcatenationAttrs>();
            const DType type = ctx.out().type;
            ctx.builtin = 2;
            ctx.version = type == DType::i16 ? 3 : type == DType::i8 ? 2 : 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int32_t>(0, attrs.axis, 0);
              t.scalar<int8_t>(1, static_cast<int8_t>(attrs.activation), 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
