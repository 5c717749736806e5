#include "study/task.h"

#include "ops/op.h"

namespace thimble {

std::optional<Task> implied_task(const Graph& graph) {
  if (graph.outputs.empty()) return std::nullopt;
  const TensorId output = graph.outputs[0];
  for (const Node& node : graph.nodes)
    for (TensorId id : node.outputs) {
      if (id != output) continue;
      if (node.op == Op::softmax || node.op == Op::log_softmax) return Task::classification;
      const Shape& shape = graph.at(output).shape;
      const int64_t width = shape.rank() > 1 ? shape.elements(1, shape.rank()) : 1;
      if (width == 1 && node.op != Op::sigmoid) return Task::regression;
    }
  return std::nullopt;
}

std::optional<Task> implied_task(const ModelSpec& model, LossChoice loss) {
  switch (loss) {
    case LossChoice::sparse_categorical_crossentropy:
    case LossChoice::categorical_crossentropy:
    case LossChoice::binary_crossentropy: return Task::classification;
    case LossChoice::automatic:
    case LossChoice::mse:
    case LossChoice::mae:
    case LossChoice::huber:
    case LossChoice::kl_divergence: break;
  }
  const bool automatic = loss == LossChoice::automatic;
  if (!model.architecture.empty()) return automatic ? std::optional(Task::classification) : std::nullopt;
  if (model.graph) return implied_task(*model.graph);
  if (model.layers.empty()) return std::nullopt;
  const LayerSpec& last = model.layers.back();
  const std::string& end = last.activation.empty() ? last.word : last.activation;
  if (end == "softmax" || end == "log_softmax") return automatic ? std::optional(Task::classification) : std::nullopt;
  if (last.word == "dense" && last.size == 1 && end != "sigmoid" && end != "hard_sigmoid") return Task::regression;
  return std::nullopt;
}

}  // namespace thimble
