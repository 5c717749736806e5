#include "passes/add_bias.h"

#include "ops/conv2d/conv2d.h"
#include "ops/operands.h"

namespace thimble {

int add_missing_biases(Graph& graph) {
  int added = 0;
  for (Node& node : graph.nodes) {
    const LayerOperands* layer = layer_of(node);
    if (!layer || layer->depthwise() || !node.attrs.holds<Conv2dAttrs>()) continue;
    if (node.inputs.size() > 2 && node.inputs[2] != kNoTensor) continue;
    if (graph.at(node.inputs[1]).type != DType::f32) continue;
    const Shape shape{layer_outputs(graph, node, *layer)};
    const std::vector<float> zeros(static_cast<size_t>(shape.elements()), 0.0f);
    node.inputs.resize(3, kNoTensor);
    node.inputs[2] =
        graph.add({.name = node.name + "/bias", .shape = shape, .data = Data::of(std::span<const float>(zeros))});
    ++added;
  }
  return added;
}

}  // namespace thimble
