#include <algorithm>

#include "ops/custom/custom.h"

namespace thimble {

CustomOperands::CustomOperands(const Graph& graph, const Node& node) {
  const auto views = [&](const std::vector<TensorId>& ids, std::vector<TensorView>* to) {
    for (const TensorId t : ids) {
      TensorView& view = to->emplace_back();
      if (t == kNoTensor) continue;
      const Tensor& tensor = graph.at(t);
      view = {tensor.type, tensor.shape, &tensor.quant, nullptr};
      if (tensor.constant()) view.data = const_cast<uint8_t*>(tensor.data.bytes);
    }
  };
  views(node.inputs, &in);
  views(node.outputs, &out);
  for (const int64_t byte : node.attrs.as<CustomAttrs>().options) options.push_back(static_cast<uint8_t>(byte));
}

namespace infer {

Status custom(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_attrs<CustomAttrs>());
  const auto& attrs = ctx.node.attrs.as<CustomAttrs>();
  if (!attrs.op) return fail(ErrorCode::unsupported, format("nobody brings the operator \"{}\" along", attrs.name));
  const size_t most = std::max(ctx.node.inputs.size(), ctx.node.outputs.size());
  if (most > kMostCustomOperands || ctx.node.outputs.empty())
    return fail(ErrorCode::unsupported,
                format("\"{}\" has {} inputs and {} outputs; custom operators have up to {}, and one output at least",
                       attrs.name, ctx.node.inputs.size(), ctx.node.outputs.size(), kMostCustomOperands));
  const CustomOperands operands(ctx.graph, ctx.node);
  for (const auto* list : {&operands.in, &operands.out})
    for (const TensorView& view : *list)
      if (view.type == DType::i4) return fail(ErrorCode::unsupported, format("\"{}\" of int4", attrs.name));
  for (size_t i = 0; i < ctx.outputs.size(); ++i)
    ctx.outputs[i] = {ctx.declared(static_cast<int>(i)).type, ctx.declared(static_cast<int>(i)).shape};
  return attrs.op->shapes(operands.options, operands.in, ctx.outputs);
}

}  // namespace infer
}  // namespace thimble
