#include "app/summary.h"

#include "ops/check.h"

namespace thimble::app {
namespace {

bool is_parameter(const Tensor& tensor) {
  if (!tensor.constant()) return false;
  const bool whole = tensor.type == DType::i32 || tensor.type == DType::i64 || tensor.type == DType::boolean;
  return !whole || !tensor.quant.empty();
}

}  // namespace

Result<GraphSummary> summarize_graph(const Graph& graph) {
  THIMBLE_ASSIGN(const GraphCost macs, cost(graph));
  GraphSummary summary;
  summary.nodes.resize(graph.nodes.size());
  summary.macs = macs.macs;
  std::vector<char> seen(graph.tensors.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    NodeSummary& node = summary.nodes[n];
    node.macs = macs.node_macs[n];
    for (TensorId id : graph.nodes[n].inputs) {
      if (id == kNoTensor || seen[static_cast<size_t>(id)] || !graph.at(id).constant()) continue;
      seen[static_cast<size_t>(id)] = 1;
      const Tensor& tensor = graph.at(id);
      summary.constant_bytes += tensor.bytes();
      if (!is_parameter(tensor)) continue;
      node.parameters += tensor.shape.elements();
      node.bytes += tensor.bytes();
    }
    summary.parameters += node.parameters;
  }
  return summary;
}

}  // namespace thimble::app
