#include "train/fuse_gradients.h"

#include <algorithm>

#include "ops/operands.h"
#include "ops/relu_grad/relu_grad.h"

namespace thimble {
int fuse_gradients(Graph& graph, std::span<const TensorId> keep) {
  std::vector<int> uses(graph.tensors.size(), 0), maker(graph.tensors.size(), -1);
  const auto count = [&](std::span<const TensorId> tensors, int by) {
    for (TensorId t : tensors)
      if (t != kNoTensor) uses[static_cast<size_t>(t)] += by;
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    count(graph.nodes[n].inputs, 1);
    for (TensorId t : graph.nodes[n].outputs)
      if (t != kNoTensor) maker[static_cast<size_t>(t)] = static_cast<int>(n);
  }
  count(graph.outputs, 1);
  count(keep, 1);

  std::vector<char> dead(graph.nodes.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    if (!node.attrs.holds<ReluGradAttrs>()) continue;
    const TensorId d = node.inputs[1];
    const int made_by = maker[static_cast<size_t>(d)];
    if (made_by < 0 || uses[static_cast<size_t>(d)] != 1) continue;
    Node& source = graph.nodes[static_cast<size_t>(made_by)];
    if (!take_clamp(source, node.inputs[0], node.attrs.as<ReluGradAttrs>().activation)) continue;
    source.outputs[0] = node.outputs[0];
    maker[static_cast<size_t>(node.outputs[0])] = made_by;
    dead[n] = 1;
  }
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    if (answer_of(node) == Answer::none || uses[static_cast<size_t>(node.outputs[0])] > 0) continue;
    count(node.inputs, -1);
    dead[n] = 1;
  }
  size_t kept = 0;
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    if (!dead[n]) {
      if (kept != n) graph.nodes[kept] = std::move(graph.nodes[n]);
      ++kept;
    }
  const auto removed = static_cast<int>(graph.nodes.size() - kept);
  graph.nodes.resize(kept);
  return removed;
}

}  // namespace thimble
