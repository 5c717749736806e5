#include "formats/tflite/rule.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble::tflite_rule {

// DepthwiseConv2DOptions (union tag 2): 0 padding, 1 stride_w, 2 stride_h, 3 depth_multiplier,
// 4 fused_activation, 5 dilation_w, 6 dilation_h. The multiplier is taken from the shapes.
tflite::TfliteRule depthwise_conv2d(Op) {
  return {{{4, 2}},
          [](tflite::ReadContext& ctx) -> Status {
            DepthwiseConv2dAttrs attrs;
            attrs.padding = ctx.options.enumeration(0, Padding::same, 2);
            attrs.stride_w = ctx.options.scalar<int32_t>(1, 0);
            attrs.stride_h = ctx.options.scalar<int32_t>(2, 0);
            attrs.activation = ctx.options.enumeration(4, Activation::none, 6);
            attrs.dilation_w = ctx.options.scalar<int32_t>(5, 1);
            attrs.dilation_h = ctx.options.scalar<int32_t>(6, 1);
            ctx.node.op = Op::depthwise_conv2d;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<DepthwiseConv2dAttrs>();
            const Tensor &x = ctx.in(0), &w = ctx.in(1);
            const bool hybrid = x.type == DType::f32 && w.type == DType::i8,
                       dilated = attrs.dilation_h != 1 || attrs.dilation_w != 1;
            ctx.builtin = 4;
            ctx.version = w.type == DType::i4    ? 7
                          : x.type == DType::i16 ? 5
                          : x.type == DType::i8  ? 3
                          : hybrid               ? (w.quant.per_axis() ? 6 : 4)
                          : dilated              ? 2
                                                 : 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int8_t>(0, static_cast<int8_t>(attrs.padding), 0);
              t.scalar<int32_t>(1, attrs.stride_w, 0);
              t.scalar<int32_t>(2, attrs.stride_h, 0);
              t.scalar<int32_t>(3, static_cast<int32_t>(w.shape[3] / x.shape[3]), 0);
              t.scalar<int8_t>(4, static_cast<int8_t>(attrs.activation), 0);
              t.scalar<int32_t>(5, attrs.dilation_w, 1);
              t.scalar<int32_t>(6, attrs.dilation_h, 1);
            });
            return {};
          },
          tflite::weighted_sums};
}

}  // namespace thimble::tflite_rule
