#include "passes/quantized/prepare.h"

#include <algorithm>
#include <map>

#include "ops/operands.h"
#include "passes/quantized/demand.h"

namespace thimble {
namespace {

void drop(Graph& graph, const std::vector<char>& dead) {
  size_t n = 0;
  std::erase_if(graph.nodes, [&](const Node&) { return dead[n++] != 0; });
}

}  // namespace

void adopt_input_scales(Graph& graph) {
  std::map<TensorId, Quantization> given;  // empty: several, or none
  const auto labels = [&](const Node& n) {
    return n.op == Op::reshape && graph.at(n.inputs[0]).quant.empty() && integers(graph.at(n.outputs[0])) &&
           graph.at(n.inputs[0]).shape == graph.at(n.outputs[0]).shape;
  };
  const auto moves = [](const Node& n) {
    return moves_values(n) && n.op != Op::concatenation && (n.op != Op::pad || n.inputs.size() == 3);
  };
  for (const TensorId t : graph.outputs) given[t] = {};
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      Quantization q;
      if (labels(node))
        q = graph.at(node.outputs[0]).quant;
      else if (i == 0 && moves(node))
        q = given[node.outputs[0]];
      const auto [it, fresh] = given.try_emplace(node.inputs[i], q);
      if (!fresh && !(it->second == q)) it->second = {};
    }
  }
  for (const TensorId x : graph.inputs)
    if (graph.at(x).quant.empty() && is_quantized_type(graph.at(x).type)) graph.at(x).quant = given[x];
  std::map<TensorId, TensorId> now;
  std::vector<char> dead(graph.nodes.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    for (TensorId& t : node.inputs)
      if (const auto found = now.find(t); found != now.end()) t = found->second;
    if (node.outputs.size() != 1 || node.inputs.empty() || node.inputs[0] == kNoTensor || !moves(node)) continue;
    const TensorId x = node.inputs[0], y = node.outputs[0];
    if (graph.at(x).quant.empty() || graph.at(x).type != graph.at(y).type) continue;
    if (graph.at(y).quant.empty() && given[y] == graph.at(x).quant) graph.at(y).quant = graph.at(x).quant;
    dead[n] = node.op == Op::reshape && graph.at(y).quant == graph.at(x).quant &&
              graph.at(y).shape == graph.at(x).shape && std::ranges::find(graph.outputs, y) == graph.outputs.end();
    if (dead[n]) now[y] = x;
  }
  drop(graph, dead);
}

void join_biases(Graph& graph) {
  const std::vector<int> uses = graph.use_counts();
  const std::vector<NodeId> producers = graph.producers();
  const auto producer = [&](TensorId t) -> Node* {
    const NodeId n = t == kNoTensor ? -1 : producers[static_cast<size_t>(t)];
    return n < 0 ? nullptr : &graph.nodes[static_cast<size_t>(n)];
  };
  // A constant, dequantised and moved at most, by nodes before the reader.
  const auto fixed_before = [&](TensorId t, const Node* reader) {
    constexpr int kMostMoves = 8;
    for (int i = 0; i <= kMostMoves; ++i) {
      if (graph.at(t).constant()) return true;
      const Node* p = producer(t);
      if (!p || p >= reader || (p->op != Op::dequantize && (!moves_values(*p) || p->op == Op::concatenation)))
        return false;
      t = p->inputs[0];
      reader = p;
    }
    return false;
  };
  std::vector<char> dead(graph.nodes.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& sum = graph.nodes[n];
    if (sum.op != Op::add || fused_activation(sum) != Activation::none) continue;
    for (const size_t i : {0u, 1u}) {
      Node* layer = producer(sum.inputs[i]);
      const TensorId bias = sum.inputs[1 - i], y = sum.outputs[0];
      if (!layer || layer->op != Op::fully_connected || layer->inputs.size() != 2 || !fixed_before(bias, layer) ||
          uses[static_cast<size_t>(sum.inputs[i])] != 1 || fused_activation(*layer) != Activation::none ||
          graph.at(layer->inputs[1]).constant() || !fixed_before(layer->inputs[1], layer))
        continue;
      const Shape& b = graph.at(bias).shape;
      const int64_t outputs = graph.at(y).shape.dim(-1);
      if (!(graph.at(y).shape == graph.at(sum.inputs[i]).shape) || b.rank() == 0 || b.dim(-1) != outputs ||
          b.elements() != outputs)
        continue;
      layer->inputs.push_back(bias);
      layer->outputs[0] = y;
      dead[n] = 1;
      break;
    }
  }
  drop(graph, dead);
}

}  // namespace thimble
