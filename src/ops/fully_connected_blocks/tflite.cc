#include "formats/tflite/rule.h"
#include "ops/fully_connected_blocks/fully_connected_blocks.h"

namespace thimble::tflite_rule {

using namespace blocks_input;

// Read by fully_connected's rule; written as FULLY_CONNECTED 9, FullyConnectedOptions (union tag 8): 0
// fused_activation, 2 keep_num_dims, 3 asymmetric_quantize_inputs. The scales are named by the weights' quantisation.
tflite::TfliteRule fully_connected_blocks(Op) {
  return {{}, nullptr, [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<FullyConnectedBlocksAttrs>();
            if (ctx.in(kWeights).type != DType::i4 || ctx.in(kScales).type != DType::f16)
              return fail(ErrorCode::unsupported,
                          format("a .tflite file has blocks of int4 weights with float16 scales, not {} with {}",
                                 ctx.in(kWeights).to_string(), ctx.in(kScales).to_string()));
            const auto& inputs = ctx.node.inputs;
            ctx.builtin = 9;
            ctx.version = 12;
            ctx.inputs = {inputs[kX], inputs[kWeights]};
            if (ctx.has(kBias)) ctx.inputs.push_back(inputs[kBias]);
            const int64_t blocks = ctx.in(kScales).shape.elements() / ctx.in(kWeights).shape[0];
            ctx.blocks[inputs[kWeights]] = {inputs[kScales], ctx.in(kWeights).shape[1] / blocks};
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int8_t>(0, static_cast<int8_t>(attrs.activation), 0);
              t.scalar<uint8_t>(2, attrs.keep_num_dims, 0);
              t.scalar<uint8_t>(3, 1, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
