#include "passes/raise_loops.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "ops/operands.h"
#include "passes/fold_constants.h"
#include "passes/join_products.h"
#include "passes/lower_lstm.h"
#include "passes/roll_lstm.h"
#include "passes/shorten_moves.h"

namespace thimble {
namespace {

// Bytes of constants, and how they are read: every turn of a loop has tensors of its own for them.
using Bytes = std::tuple<const uint8_t*, DType, std::vector<int64_t>>;

Bytes bytes_of(const Tensor& t) {
  return {t.data.bytes, t.type, std::vector<int64_t>(t.shape.dims().begin(), t.shape.dims().end())};
}

bool plain(const Tensor& t) { return t.constant() && t.quant.empty() && t.data.size > 0; }

// Whether two layers have the same weights.
bool has_steps(const Graph& graph) {
  std::set<Bytes> first;
  for (const Node& node : graph.nodes) {
    const LayerOperands* layer = layer_of(node);
    if (!layer || std::ssize(node.inputs) <= layer->weights) continue;
    const Tensor& weights = graph.at(node.inputs[static_cast<size_t>(layer->weights)]);
    if (plain(weights) && !first.insert(bytes_of(weights)).second) return true;
  }
  return false;
}

void share_constants(Graph& graph) {
  std::map<Bytes, TensorId> first;
  for (Node& node : graph.nodes)
    for (TensorId& t : node.inputs)
      if (t != kNoTensor && plain(graph.at(t))) t = first.try_emplace(bytes_of(graph.at(t)), t).first->second;
}

// What the first step computes because its state is 0: a sum with zeros is the other operand, a gate times zeros is
// zeros. Such constants have no scale of their own in integers.
void drop_zeros(Graph& graph) {
  const auto zero = [&](TensorId t) {
    return graph.at(t).constant() && graph.at(t).type == DType::f32 &&
           std::ranges::all_of(graph.at(t).data.as<float>(), [](float v) { return v == 0; });
  };
  const std::vector<NodeId> producers = graph.producers();
  const auto gate = [&](TensorId t) {
    const NodeId n = producers[static_cast<size_t>(t)];
    return n >= 0 && graph.nodes[static_cast<size_t>(n)].op == Op::sigmoid;
  };
  std::map<TensorId, TensorId> stands_for;
  for (Node& node : graph.nodes) {
    for (TensorId& t : node.inputs)
      if (const auto it = stands_for.find(t); it != stands_for.end()) t = it->second;
    if ((node.op != Op::add && node.op != Op::mul) || fused_activation(node) != Activation::none) continue;
    const TensorId y = node.outputs[0];
    if (std::ranges::find(graph.outputs, y) != graph.outputs.end()) continue;
    for (size_t i = 0; i < 2; ++i) {
      const TensorId x = node.inputs[i], other = node.inputs[1 - i];
      const TensorId same = node.op == Op::add ? x : other;
      if (!zero(other) || !(graph.at(same).shape == graph.at(y).shape) || (node.op == Op::mul && !gate(x))) continue;
      stands_for[y] = same;
      break;
    }
  }
}

}  // namespace

Result<Checked> raise_loops(Checked checked) {
  if (!has_steps(checked.graph)) return checked;
  // What the first step computes from a state of zeros.
  THIMBLE_ASSIGN(Graph graph, fold_constants(std::move(checked.graph)));
  share_constants(graph);
  THIMBLE_ASSIGN(const int layers, roll_lstm(graph));
  if (layers > 0) THIMBLE_TRY(lower_lstm(graph));
  THIMBLE_TRY(shorten_moves(graph));
  THIMBLE_TRY(join_products(graph));
  drop_zeros(graph);
  THIMBLE_ASSIGN(graph, fold_constants(std::move(graph)));  // products with zeros
  drop_zeros(graph);
  graph.remove_unused();
  return check(std::move(graph));
}

}  // namespace thimble
