#include "passes/rewrite.h"

namespace thimble {

std::vector<TensorId> drop_unused(Graph& graph) {
  std::vector<char> needed(graph.tensors.size(), 0);
  const auto mark = [&](const std::vector<TensorId>& list) {
    for (const TensorId t : list)
      if (t != kNoTensor) needed[static_cast<size_t>(t)] = 1;
  };
  mark(graph.inputs);
  mark(graph.outputs);
  const std::vector<Node> nodes = graph.nodes;
  const std::vector<char> kept = graph.remove_unused();
  for (size_t n = 0; n < nodes.size(); ++n)
    if (kept[n])
      for (const auto* list : {&nodes[n].inputs, &nodes[n].outputs, &nodes[n].intermediates}) mark(*list);
  // Those that stay keep their order.
  std::vector<TensorId> now(needed.size(), kNoTensor);
  TensorId next = 0;
  for (size_t t = 0; t < needed.size(); ++t)
    if (needed[t]) now[t] = next++;
  return now;
}

}  // namespace thimble
