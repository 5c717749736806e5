#include "passes/remove_training.h"

#include <algorithm>

#include "ops/dropout/dropout.h"

namespace thimble {

int remove_training(Graph& graph) {
  std::vector<TensorId> stands_for(graph.tensors.size());
  for (size_t t = 0; t < stands_for.size(); ++t) stands_for[t] = static_cast<TensorId>(t);
  std::vector<char> dead(graph.nodes.size(), 0);
  int removed = 0;
  const auto replace = [&](TensorId& t) {
    if (t != kNoTensor) t = stands_for[static_cast<size_t>(t)];
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    std::for_each(node.inputs.begin(), node.inputs.end(), replace);
    if (!node.attrs.holds<DropoutAttrs>()) continue;
    stands_for[static_cast<size_t>(node.outputs[0])] = node.inputs[0];
    dead[n] = 1;
    ++removed;
  }
  if (removed == 0) return 0;
  std::for_each(graph.outputs.begin(), graph.outputs.end(), replace);
  graph.remove_unused(dead);
  return removed;
}

}  // namespace thimble
