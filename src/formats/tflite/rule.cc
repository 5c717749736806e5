#include "formats/tflite/rule.h"

#include <algorithm>

#include "base/format.h"

namespace thimble::tflite {

Status check_accumulators(const ReadContext& ctx, int field, size_t bias) {
  const int type = ctx.options.scalar<int8_t>(field, 0);
  if (type == 0) return {};
  const bool has = bias < ctx.node.inputs.size() && ctx.node.inputs[bias] != kNoTensor;
  if (type == kInt64 && (!has || ctx.graph.at(ctx.node.inputs[bias]).type != DType::i32)) return {};
  if (type == kInt32 && has && ctx.graph.at(ctx.node.inputs[bias]).type == DType::i32) return {};
  return fail(ErrorCode::unsupported, format("quantized_bias_type {} without a bias of that type", type),
              "only int16 layers with an int32 bias have accumulators of 32 bits here");
}

Status WriteContext::lacks(std::initializer_list<DType> types) const {
  const DType type = in(0).type;
  if (std::ranges::find(types, type) == types.end()) return {};
  return fail(ErrorCode::unsupported, format("LiteRT has no {} of {}", name(node.op), name(type)),
              "cast its operands before writing a .tflite file");
}

bool narrow_accumulators(const WriteContext& ctx, size_t bias) {
  return ctx.in(0).type == DType::i16 && ctx.has(bias) && ctx.in(bias).type == DType::i32;
}

}  // namespace thimble::tflite
