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

}  // namespace

Result<Graph> fold_constants(Graph graph) {
  int64_t total = 0;
  std::vector<char> dead(graph.nodes.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!foldable(graph, node)) continue;
    InferContext infer(graph, node);
    THIMBLE_TRY(infer_node(graph, node, &infer));
    int64_t bytes = infer.scratch_bytes;
    for (const TensorSpec& spec : infer.outputs) bytes += byte_size(spec.type, spec.shape);
    if (bytes > kMaxBytes - total) continue;
    total += bytes;

    std::vector<Data> results = evaluate(graph, node, infer);
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      Tensor& tensor = graph.at(node.outputs[i]);
      tensor.data = std::move(results[i]);
      tensor.batch_unknown = false;
    }
    dead[n] = 1;
  }
  if (std::ranges::find(dead, 1) == dead.end()) return graph;
  graph.remove_unused(dead);
  return graph;
}

}  // namespace thimble
