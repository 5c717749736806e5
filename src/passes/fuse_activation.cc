#include "passes/fuse_activation.h"

#include "ops/operands.h"

namespace thimble {
namespace {

// Whether `node` took the activation.
bool take(Node& node, Activation activation) {
  const OperandRule* rule = operands_of(node.op);
  return rule && rule->fuses && fused_activation(node) == Activation::none && set_fused_activation(node, activation);
}

}  // namespace

int fuse_activations(Graph& graph) {
  const std::vector<int> uses = graph.use_counts();
  std::vector<NodeId> producers = graph.producers();
  std::vector<char> dead(graph.nodes.size(), 0);
  int fused = 0;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const OperandRule* rule = operands_of(node.op);
    if (!rule || rule->fused_form == Activation::none) continue;
    const auto x = static_cast<size_t>(node.inputs[0]);
    const NodeId before = producers[x];
    if (before < 0 || uses[x] != 1 || graph.tensors[x].type != DType::f32) continue;
    Node& owner = graph.nodes[static_cast<size_t>(before)];
    if (!take(owner, rule->fused_form)) continue;
    owner.outputs[0] = node.outputs[0];
    producers[static_cast<size_t>(node.outputs[0])] = before;
    dead[n] = 1;
    ++fused;
  }
  if (fused > 0) graph.remove_unused(dead);
  return fused;
}

}  // namespace thimble
