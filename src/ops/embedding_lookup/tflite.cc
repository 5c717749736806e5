#include "formats/tflite/rule.h"
#include "ops/embedding_lookup/embedding_lookup.h"

namespace thimble::tflite_rule {

// EMBEDDING_LOOKUP 7, without options. Scales of blocks are named by the table's quantisation.
tflite::TfliteRule embedding_lookup(Op) {
  return {{{7, 0}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::embedding_lookup;
            ctx.node.attrs = EmbeddingLookupAttrs{};
            const tflite::WeightBlocks* blocks = ctx.blocks_of(1);
            if (!blocks) return {};
            if (ctx.node.inputs.size() != 2)
              return fail(ErrorCode::bad_file, format("takes 2 inputs, has {}", ctx.node.inputs.size()));
            ctx.node.inputs.push_back(blocks->scales);
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 7;
            ctx.version = ctx.in(1).quant.per_axis() || ctx.has(2) ? 4 : 1;
            if (!ctx.has(2)) return {};
            const auto& inputs = ctx.node.inputs;
            const Shape& table = ctx.in(1).shape;
            if (ctx.in(1).type != DType::i4)
              return fail(ErrorCode::unsupported,
                          format("a .tflite file has blocks of int4, not of {}", ctx.in(1).to_string()));
            ctx.inputs = {inputs[0], inputs[1]};
            ctx.blocks[inputs[1]] = {inputs[2], table.elements() / ctx.in(2).shape.elements()};
            return {};
          }};
}

}  // namespace thimble::tflite_rule
