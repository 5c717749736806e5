#include "passes/add_bias.h"

#include "ops/op.h"

namespace thimble {

int add_missing_biases(Graph& graph) {
  int added = 0;
  for (Node& node : graph.nodes) {
    if (node.op != Op::conv2d || (node.inputs.size() > 2 && node.inputs[2] != kNoTensor)) continue;
    const Tensor& w = graph.at(node.inputs[1]);
    if (w.type != DType::f32) continue;
    const Shape shape{w.shape[0]};
    const std::vector<float> zeros(static_cast<size_t>(shape.elements()), 0.0f);
    node.inputs.resize(3, kNoTensor);
    node.inputs[2] =
        graph.add({.name = node.name + "/bias", .shape = shape, .data = Data::of(std::span<const float>(zeros))});
    ++added;
  }
  return added;
}

}  // namespace thimble
