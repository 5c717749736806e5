#include "ops/moved_constant.h"

#include <algorithm>

#include "ops/check.h"
#include "ops/evaluate.h"
#include "ops/operands.h"

namespace thimble {
namespace {

// The axis of the output that is this axis of the first input, entry by entry.
std::optional<int> axis_behind(const Graph& graph, const Node& node, int axis) {
  const Shape &x = graph.at(node.inputs[0]).shape, &y = graph.at(node.outputs[0]).shape;
  if (node.op == Op::reshape) {
    for (int d = 0; d < y.rank(); ++d)
      if (y[d] == x[axis] && y.elements(0, d) == x.elements(0, axis)) return d;
    return std::nullopt;
  }
  const AxisUse use = axes_of(graph, node).uses(0)[static_cast<size_t>(axis)];
  if (use.link != AxisLink::same || use.repeat != 1 || y[use.to] != x[axis]) return std::nullopt;
  return use.to;
}

}  // namespace

std::optional<Tensor> moved_constant(Graph& graph, const Node& node, const Tensor& x) {
  const OperandRule* rule = operands_of(node.op);
  if (!rule || !rule->moves || node.outputs.size() != 1 || node.inputs.empty() ||
      !std::ranges::all_of(node.inputs.begin() + 1, node.inputs.end(),
                           [&](TensorId t) { return t == kNoTensor || graph.at(t).constant(); }))
    return std::nullopt;
  Tensor y{.name = x.name, .type = x.type, .quant = x.quant};
  if (x.quant.per_axis()) {
    const auto axis = axis_behind(graph, node, x.quant.axis);
    if (!axis) return std::nullopt;
    y.quant.axis = *axis;
  }
  const size_t before = graph.tensors.size();
  Tensor bytes = x;
  bytes.quant = {};
  Node same = node;
  same.inputs[0] = graph.add(std::move(bytes));
  same.outputs[0] = graph.add({.name = y.name, .type = y.type});
  InferContext inferred(graph, same);
  if (infer_node(graph, same, &inferred)) {
    y.shape = inferred.outputs[0].shape;
    y.data = evaluate(graph, same, inferred)[0];
  }
  graph.tensors.resize(before);
  return y.data ? std::optional(std::move(y)) : std::nullopt;
}

}  // namespace thimble
