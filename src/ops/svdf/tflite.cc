#include "formats/tflite/rule.h"
#include "ops/svdf/svdf.h"

namespace thimble::tflite_rule {

// SVDF 27, SVDFOptions (union tag 6): 0 rank, 1 fused_activation, 2 asymmetric_quantize_inputs.
tflite::TfliteRule svdf(Op) {
  return {{{27, 6}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::svdf;
            ctx.node.attrs =
                SvdfAttrs{ctx.options.scalar<int32_t>(0, 0), ctx.options.enumeration(1, Activation::none, 6),
                          ctx.options.scalar<uint8_t>(2, 0) != 0};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<SvdfAttrs>();
            const bool hybrid = ctx.in(0).type == DType::f32 && ctx.in(1).type == DType::i8;
            ctx.builtin = 27;
            ctx.version = ctx.in(0).type == DType::i8 ? 3 : !hybrid ? 1 : attrs.asymmetric_quantize_inputs ? 4 : 2;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int32_t>(0, attrs.rank, 0);
              t.scalar<int8_t>(1, static_cast<int8_t>(attrs.activation), 0);
              t.scalar<uint8_t>(2, attrs.asymmetric_quantize_inputs, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
