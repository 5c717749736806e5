#include "formats/tflite/rule.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/fully_connected_blocks/fully_connected_blocks.h"

namespace thimble::tflite_rule {
namespace {

// Weights with a scale per block make another operator, whose last input the scales are.
Status with_blocks(tflite::ReadContext& ctx, const FullyConnectedAttrs& attrs) {
  Node& node = ctx.node;
  if (node.inputs.size() > 3)
    return fail(ErrorCode::bad_file, format("takes 2 to 3 inputs, has {}", node.inputs.size()));
  node.op = Op::fully_connected_blocks;
  node.attrs = FullyConnectedBlocksAttrs{attrs.activation, attrs.keep_num_dims};
  const TensorId scales = ctx.blocks_of(1)->scales;
  node.inputs.resize(3, kNoTensor);
  node.inputs.push_back(scales);
  return {};
}

}  // namespace

// FullyConnectedOptions (union tag 8): 0 fused_activation, 1 weights_format, 2 keep_num_dims,
// 3 asymmetric_quantize_inputs.
tflite::TfliteRule fully_connected(Op) {
  return {
      {{9, 8}},
      [](tflite::ReadContext& ctx) -> Status {
        if (ctx.options.scalar<int8_t>(1, 0) != 0)
          return fail(ErrorCode::unsupported, "shuffled weights format",
                      "convert the model again with default weights");
        FullyConnectedAttrs attrs;
        attrs.activation = ctx.options.enumeration(0, Activation::none, 6);
        attrs.keep_num_dims = ctx.options.scalar<uint8_t>(2, 0) != 0;
        attrs.asymmetric_quantize_inputs = ctx.options.scalar<uint8_t>(3, 0) != 0;
        if (ctx.blocks_of(1)) return with_blocks(ctx, attrs);
        THIMBLE_TRY(tflite::check_accumulators(ctx, 4, 2));
        ctx.node.op = Op::fully_connected;
        ctx.node.attrs = attrs;
        return {};
      },
      [](tflite::WriteContext& ctx) -> Status {
        const auto& attrs = ctx.node.attrs.as<FullyConnectedAttrs>();
        const Tensor &x = ctx.in(0), &w = ctx.in(1);
        ctx.builtin = 9;
        const bool hybrid = x.type == DType::f32 && (w.type == DType::i8 || w.type == DType::i4);
        ctx.version = x.type == DType::i8 ? (w.quant.per_axis() ? 12 : 4) : hybrid ? (w.quant.per_axis() ? 12 : 3) : 1;
        const bool narrow = tflite::narrow_accumulators(ctx, 2);
        if (x.type == DType::i16) ctx.version = w.type == DType::i4 ? 13 : narrow ? 11 : 7;
        if (w.type == DType::i4 && ctx.version < 10) ctx.version = 10;
        if (!ctx.has(2) && ctx.version < 6) ctx.version = 6;
        if (attrs.keep_num_dims && ctx.version < 5) ctx.version = 5;
        ctx.options_table([&](tflite::TableWriter& t) {
          t.scalar<int8_t>(0, static_cast<int8_t>(attrs.activation), 0);
          t.scalar<uint8_t>(2, attrs.keep_num_dims, 0);
          t.scalar<uint8_t>(3, attrs.asymmetric_quantize_inputs, 0);
          if (narrow) t.scalar<int8_t>(4, tflite::kInt32, 0);
        });
        return {};
      },
      tflite::weighted_sums,
      true /* runs_int4 */};
}

}  // namespace thimble::tflite_rule
