// SELECT 64 (SelectOptions, union tag 47) and SELECT_V2 123 (98), without fields.
#include <algorithm>

#include "formats/tflite/rule.h"
#include "ops/select/select.h"

namespace thimble::tflite_rule {
namespace {

// The declared rank of a result, where all have one element and it is another than broadcasting gives.
SelectAttrs attributes(const tflite::ReadContext& ctx) {
  int most = 0;
  for (const TensorId t : ctx.node.inputs) {
    if (t == kNoTensor || ctx.graph.at(t).shape.elements() != 1) return {};
    most = std::max(most, ctx.graph.at(t).shape.rank());
  }
  if (ctx.node.outputs.size() != 1) return {};
  const Shape& y = ctx.graph.at(ctx.node.outputs[0]).shape;
  const bool another = y.elements() == 1 && y.rank() > 0 && y.rank() != most;
  return {another ? y.rank() : -1};
}

}  // namespace

tflite::TfliteRule select(Op op) {
  if (op == Op::select)
    return {{{64, 47}},
            [](tflite::ReadContext& ctx) -> Status {
              ctx.node.op = Op::select;
              ctx.node.attrs = attributes(ctx);
              return {};
            },
            [](tflite::WriteContext& ctx) -> Status {
              ctx.builtin = 64;
              const DType type = ctx.in(1).type;
              ctx.version = type == DType::u32 ? 4 : ctx.in(1).shape.rank() > 4 ? 3 : type == DType::i8 ? 2 : 1;
              ctx.options_table([](tflite::TableWriter&) {});
              return {};
            }};
  return {{{123, 98}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::select_v2;
            ctx.node.attrs = attributes(ctx);
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 123;
            ctx.version = ctx.in(1).type == DType::u32 ? 2 : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
