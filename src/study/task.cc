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

}  // namespace thimble
