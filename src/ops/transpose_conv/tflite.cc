#include "formats/tflite/rule.h"
#include "ops/transpose_conv/transpose_conv.h"

namespace thimble::tflite_rule {
namespace {

using namespace transpose_conv_input;

// The file's order is shape, weights, x, bias.
Status in_our_order(Node& node) {
  if (node.inputs.size() < 3 || node.inputs.size() > 4)
    return fail(ErrorCode::bad_file, format("takes 3 to 4 inputs, has {}", node.inputs.size()));
  node.inputs = {node.inputs[2], node.inputs[1], node.inputs.size() > 3 ? node.inputs[3] : kNoTensor, node.inputs[0]};
  return {};
}

}  // namespace

// TRANSPOSE_CONV 67, TransposeConvOptions (union tag 49): 0 padding, 1 stride_w, 2 stride_h, 3 fused_activation,
// 4 quantized_bias_type.
tflite::TfliteRule transpose_conv(Op) {
  return {{{67, 49}},
          [](tflite::ReadContext& ctx) -> Status {
            TransposeConvAttrs attrs;
            attrs.padding = ctx.options.enumeration(0, Padding::same, 2);
            attrs.stride_w = ctx.options.scalar<int32_t>(1, 0);
            attrs.stride_h = ctx.options.scalar<int32_t>(2, 0);
            attrs.activation = ctx.options.enumeration(3, Activation::none, 6);
            ctx.node.op = Op::transpose_conv;
            ctx.node.attrs = attrs;
            THIMBLE_TRY(in_our_order(ctx.node));
            return tflite::check_accumulators(ctx, 4, kBias);
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<TransposeConvAttrs>();
            const bool narrow = tflite::narrow_accumulators(ctx, kBias), biased = ctx.has(kBias);
            ctx.builtin = 67;
            ctx.version = narrow                                 ? 5
                          : attrs.activation != Activation::none ? 4
                          : biased                               ? 3
                          : ctx.in(kX).type == DType::i8         ? 2
                                                                 : 1;
            const auto& from = ctx.node.inputs;
            ctx.inputs = {from[kShape], from[kWeights], from[kX]};
            if (biased) ctx.inputs.push_back(from[kBias]);
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int8_t>(0, static_cast<int8_t>(attrs.padding), 0);
              t.scalar<int32_t>(1, attrs.stride_w, 0);
              t.scalar<int32_t>(2, attrs.stride_h, 0);
              t.scalar<int8_t>(3, static_cast<int8_t>(attrs.activation), 0);
              if (narrow) t.scalar<int8_t>(4, tflite::kInt32, 0);
            });
            return {};
          },
          tflite::weighted_sums};
}

}  // namespace thimble::tflite_rule
