#include "passes/fold_constants.h"

#include <algorithm>

#include "ops/evaluate.h"

namespace thimble {
namespace {

constexpr int64_t kMaxBytes = int64_t{256} << 20;
bool foldable(const Graph& graph, const Node& node) {
  const auto constant = [&](TensorId t) {
    return t == kNoTensor || (graph.at(t).constant() && graph.at(t).type != DType::i4);  // 4 bits: widened by the plan
  };
  const auto is_output = [&](TensorId t) { return std::ranges::find(graph.outputs, t) != graph.outputs.end(); };
  return !node.inputs.empty() && !node.outputs.empty() && node.intermediates.empty() &&
         std::ranges::any_of(node.inputs, [](TensorId t) { return t != kNoTensor; }) &&
         std::ranges::all_of(node.inputs, constant) && std::ranges::none_of(node.outputs, is_output) &&
         std::ranges::none_of(node.outputs, [&](TensorId t) { return graph.at(t).variable; });
}

// Folds, and says which nodes are left; resolved(n, infer) gives what inference knows of node n, in `infer` if need be.
template <class Lookup>
Result<std::vector<char>> fold(Graph& graph, Lookup resolved) {
  int64_t total = 0;
  std::vector<char> dead(graph.nodes.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!foldable(graph, node)) continue;
    InferContext infer(graph, node);
    THIMBLE_ASSIGN(const Resolved* known, resolved(n, infer));
    int64_t bytes = known->scratch_bytes;
    for (const TensorSpec& spec : known->outputs) bytes += byte_size(spec.type, spec.shape);
    if (bytes > kMaxBytes - total) continue;
    total += bytes;

    std::vector<Data> results = evaluate(graph, node, *known);
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      Tensor& tensor = graph.at(node.outputs[i]);
      tensor.data = std::move(results[i]);
      tensor.batch_unknown = false;
    }
    dead[n] = 1;
  }
  if (std::ranges::find(dead, 1) == dead.end()) return std::vector<char>(graph.nodes.size(), 1);
  return graph.remove_unused(dead);
}

}  // namespace

Result<Graph> fold_constants(Graph graph) {
  THIMBLE_TRY(fold(graph, [&](size_t n, InferContext& infer) -> Result<const Resolved*> {
    THIMBLE_TRY(infer_node(graph, graph.nodes[n], &infer));
    return &infer;
  }));
  return graph;
}

Result<Checked> fold_constants(Checked checked) {
  THIMBLE_ASSIGN(
      const std::vector<char> kept,
      fold(checked.graph, [&](size_t n, InferContext&) -> Result<const Resolved*> { return &checked.nodes[n]; }));
  size_t n = 0;
  std::erase_if(checked.nodes, [&](const Resolved&) { return !kept[n++]; });
  return checked;
}

}  // namespace thimble
