#include "ops/conv2d/conv2d.h"

#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// Conv2DOptions (union tag 1): 0 padding, 1 stride_w, 2 stride_h, 3 fused_activation, 4 dilation_w,
// 5 dilation_h, 6 quantized_bias_type.
tflite::TfliteRule conv2d(Op) {
  return {{{3, 1}},
          [](tflite::ReadContext& ctx) -> Status {
            Conv2dAttrs attrs;
            attrs.padding = ctx.options.enumeration(0, Padding::same, 2);
            attrs.stride_w = ctx.options.scalar<int32_t>(1, 0);
            attrs.stride_h = ctx.options.scalar<int32_t>(2, 0);
            attrs.activation = ctx.options.enumeration(3, Activation::none, 6);
            attrs.dilation_w = ctx.options.scalar<int32_t>(4, 1);
            attrs.dilation_h = ctx.options.scalar<int32_t>(5, 1);
            THIMBLE_TRY(tflite::check_accumulators(ctx, 6, 2));
            ctx.node.op = Op::conv2d;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<Conv2dAttrs>();
            const Tensor &x = ctx.in(0), &w = ctx.in(1);
            const bool hybrid = x.type == DType::f32 && w.type == DType::i8;
            ctx.builtin = 3;
            const bool narrow = tflite::narrow_accumulators(ctx, 2);
            ctx.version = narrow                     ? 8
                          : w.type == DType::i4      ? 7
                          : x.shape[3] != w.shape[3] ? 6
                          : x.type == DType::i16     ? 4
                          : x.type == DType::i8      ? 3
                          : hybrid                   ? (w.quant.per_axis() ? 5 : 2)
                                                     : 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int8_t>(0, static_cast<int8_t>(attrs.padding), 0);
              t.scalar<int32_t>(1, attrs.stride_w, 0);
              t.scalar<int32_t>(2, attrs.stride_h, 0);
              t.scalar<int8_t>(3, static_cast<int8_t>(attrs.activation), 0);
              t.scalar<int32_t>(4, attrs.dilation_w, 1);
              t.scalar<int32_t>(5, attrs.dilation_h, 1);
              if (narrow) t.scalar<int8_t>(6, tflite::kInt32, 0);
            });
            return {};
          },
          tflite::weighted_sums,
          true /* runs_int4 */};
}

}  // namespace thimble::tflite_rule
