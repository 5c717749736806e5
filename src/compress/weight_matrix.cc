#include "compress/weight_matrix.h"

#include <algorithm>

#include "compress/layer_choice.h"
#include "ops/operands.h"

namespace thimble {
namespace {

// Inputs of a node that hold weights, each with the axis of its output channels.
struct Place {
  size_t input;
  int axis;
};
std::vector<Place> weight_places(const Node& node) {
  if (const LayerOperands* layer = layer_of(node)) return {{static_cast<size_t>(layer->weights), layer->output_axis}};
  std::vector<Place> places;  // several matrices [outputs, inputs]
  if (const OperandRule* rule = operands_of(node.op))
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (rule->role(i) == Role::weights) places.push_back({i, 0});
  return places;
}

WeightMatrix as_matrix(const Graph& graph, TensorId t, const Node& node, int axis) {
  const Tensor& w = graph.at(t);
  WeightMatrix m{t, w.name, node.name};
  m.rows = w.shape[axis];
  m.columns = m.rows > 0 ? w.shape.elements() / m.rows : 0;
  const bool outermost = axis == 0;
  m.row_stride = outermost ? m.columns : 1;
  m.column_stride = outermost ? 1 : m.rows;
  return m;
}

}  // namespace

Result<std::vector<WeightMatrix>> chosen_weights(const Graph& graph, std::span<const TensorId> trainable,
                                                 const WeightChoice& choice, const char* verb) {
  THIMBLE_TRY(compress::check_layers(choice.layers, graph));
  std::vector<WeightMatrix> found;
  std::vector<char> used(choice.layers.size(), 0);
  for (const Node& node : graph.nodes) {
    if (!compress::selected(choice.layers, graph, node)) continue;
    if (choice.layers.empty() && !choice.depthwise && layer_of(node) && layer_of(node)->depthwise()) continue;
    for (const Place place : weight_places(node)) {
      const TensorId t = place.input < node.inputs.size() ? node.inputs[place.input] : kNoTensor;
      if (std::ranges::find(trainable, t) == trainable.end() || graph.at(t).shape.rank() <= place.axis) continue;
      for (size_t i = 0; i < used.size(); ++i)
        if (compress::layer_selects(choice.layers[i], graph, node)) used[i] = 1;
      if (std::ranges::none_of(found, [&](const WeightMatrix& m) { return m.tensor == t; }))
        found.push_back(as_matrix(graph, t, node, place.axis));
    }
  }
  for (size_t i = 0; i < used.size(); ++i)
    if (!used[i])
      return fail(ErrorCode::usage, format("layer \"{}\" has no trained weights to {}", choice.layers[i], verb),
                  "name dense or convolution layers; thimble inspect lists them");
  if (found.empty()) return fail(ErrorCode::usage, format("the model has no dense or convolution weights to {}", verb));
  return found;
}

std::string describe_layers(const WeightChoice& choice) {
  if (choice.layers.empty()) return choice.depthwise ? "all layers, depthwise ones too" : "all layers";
  std::string text = "layers ";
  for (size_t i = 0; i < choice.layers.size(); ++i) text += (i ? ", " : "") + choice.layers[i];
  return text;
}

}  // namespace thimble
