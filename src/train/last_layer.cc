#include "train/last_layer.h"

#include <algorithm>

#include "ops/check.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/operands.h"
#include "train/layers.h"

namespace thimble {
namespace {

LastLayer of_graph(const Graph& graph) {
  LastLayer last;
  if (graph.outputs.size() != 1) return last;
  const auto producers = graph.producers();
  const std::vector<std::string> activations = activation_names();
  TensorId t = graph.outputs[0];
  const Shape& shape = graph.at(t).shape;
  last.outputs = shape.rank() > 0 ? shape.dim(-1) : 0;
  for (NodeId n; t >= 0 && (n = producers[static_cast<size_t>(t)]) >= 0;) {
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    const OperandRule* rule = operands_of(node.op);
    if (std::ranges::find(activations, name(node.op)) != activations.end()) {
      if (last.activation.empty()) last.activation = name(node.op);
    } else if (node.attrs.holds<FullyConnectedAttrs>()) {
      last.word = "dense";
      if (const Activation a = node.attrs.as<FullyConnectedAttrs>().activation;
          last.activation.empty() && a != Activation::none)
        last.activation = "relu";
      return last;
    } else if (!rule || !rule->transparent) {
      last.word = name(node.op);
      return last;
    }
    t = node.inputs[0];
  }
  return last;
}

}  // namespace

LastLayer last_layer(const ModelSpec& spec) {
  if (spec.graph && spec.new_head.empty()) return of_graph(*spec.graph);
  const std::vector<LayerSpec>& layers = spec.graph ? spec.new_head : spec.layers;
  LastLayer last;
  const std::vector<std::string> activations = activation_names();
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    const bool is_activation = std::ranges::find(activations, layer->word) != activations.end();
    if (last.activation.empty())
      last.activation = is_activation ? layer->word : layer->activation == "linear" ? "" : layer->activation;
    const bool moves =
        layer->word == "flatten" || layer->word == "reshape" || layer->word == "dropout" || layer->word == "linear";
    if (is_activation || moves) continue;
    last.word = layer->word;
    if (layer->word == "dense" || layer->word.ends_with("conv2d")) last.outputs = static_cast<int64_t>(layer->size);
    break;
  }
  return last;
}

std::optional<bool> implies_classes(const ModelSpec& spec, LossChoice loss) {
  const LastLayer last = last_layer(spec);
  const bool softmax = last.activation == "softmax" || last.activation == "log_softmax";
  switch (loss) {
    case LossChoice::sparse_categorical_crossentropy:
    case LossChoice::categorical_crossentropy:
    case LossChoice::binary_crossentropy: return true;
    case LossChoice::mse:
    case LossChoice::mae:
    case LossChoice::huber:
      if (softmax) return true;
      if (last.outputs == 1) return false;
      return std::nullopt;
    case LossChoice::kl_divergence: return std::nullopt;
    case LossChoice::automatic: break;
  }
  if (softmax) return true;
  if (last.outputs == 1 && last.word == "dense") return last.activation == "sigmoid";
  return std::nullopt;
}

}  // namespace thimble
