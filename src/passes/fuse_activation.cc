#include "passes/fuse_activation.h"

#include "ops/binary/binary.h"
#include "ops/conv2d/conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/op.h"

namespace thimble {
namespace {

Activation clamp_of(Op op) {
  switch (op) {
    case Op::relu: return Activation::relu;
    case Op::relu6: return Activation::relu6;
    case Op::relu_n1_to_1: return Activation::relu_n1_to_1;
    default: return Activation::none;
  }
}

template <class A>
bool give(Node& node, Activation activation) {
  A attrs = node.attrs.as<A>();
  if (attrs.activation != Activation::none) return false;
  attrs.activation = activation;
  node.attrs = attrs;
  return true;
}

// Whether `node` took the activation.
bool take(Node& node, Activation activation) {
  switch (node.op) {
    case Op::conv2d:
    case Op::depthwise_conv2d: return give<Conv2dAttrs>(node, activation);
    case Op::fully_connected: return give<FullyConnectedAttrs>(node, activation);
    case Op::add:
    case Op::sub:
    case Op::mul: return give<BinaryAttrs>(node, activation);
    default: return false;
  }
}

}  // namespace

int fuse_activations(Graph& graph) {
  const std::vector<int> uses = graph.use_counts();
  std::vector<NodeId> producers = graph.producers();
  std::vector<char> dead(graph.nodes.size(), 0);
  int fused = 0;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const Activation activation = clamp_of(node.op);
    if (activation == Activation::none) continue;
    const auto x = static_cast<size_t>(node.inputs[0]);
    const NodeId before = producers[x];
    if (before < 0 || uses[x] != 1 || graph.tensors[x].type != DType::f32) continue;
    Node& owner = graph.nodes[static_cast<size_t>(before)];
    if (!take(owner, activation)) continue;
    owner.outputs[0] = node.outputs[0];
    producers[static_cast<size_t>(node.outputs[0])] = before;
    dead[n] = 1;
    ++fused;
  }
  if (fused > 0) graph.remove_unused(dead);
  return fused;
}

}  // namespace thimble
