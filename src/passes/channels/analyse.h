// How the channels of one node's inputs and outputs hang together, from what its operator says of their axes.
#pragma once

#include "passes/channels/channels.h"

namespace thimble::channels {

class Context {
 public:
  virtual ~Context() = default;
  Context(const Graph& g, NodeId n) : graph(g), node(g.nodes[static_cast<size_t>(n)]), id(n) {}

  const Graph& graph;
  const Node& node;
  const NodeId id;

  // Element i of a and j of b are parts of the same channel.
  virtual void tie(TensorId a, int64_t i, TensorId b, int64_t j) = 0;
  virtual void block(TensorId t, int64_t index, const std::string& why) = 0;
  // Input `input` of the node is a constant whose `axis` follows the channels of `tensor`.
  virtual void slot(int input, int axis, TensorId tensor, bool contracts = false) = 0;

  TensorId x(size_t i = 0) const { return node.inputs[i]; }
  TensorId y(size_t i = 0) const { return node.outputs[i]; }
  bool has(size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }
  bool constant(size_t i) const { return has(i) && graph.at(x(i)).constant(); }
  const Shape& shape(TensorId t) const { return graph.at(t).shape; }
  // Length of the last axis; 1 for a scalar.
  int64_t channels(TensorId t) const { return shape(t).rank() > 0 ? shape(t).dim(-1) : 1; }

  void tie_all(TensorId a, TensorId b) {
    for (int64_t i = 0; i < channels(a); ++i) tie(a, i, b, i);
  }
  void block_all(TensorId t, const std::string& why) {
    for (int64_t i = 0; i < channels(t); ++i) block(t, i, why);
  }
  // Everything that the node reads and writes.
  void block_node(const std::string& why) {
    for (TensorId t : node.inputs)
      if (t != kNoTensor) block_all(t, why);
    for (TensorId t : node.outputs) block_all(t, why);
  }
  // `conv2d "layer"`: how reasons name the node.
  std::string who() const { return format("{} \"{}\"", name(node.op), node.name); }
};

// Ties, slots and blocks of one node. Operators whose axes are not known block all that they touch.
void analyse(Context& context);

}  // namespace thimble::channels
