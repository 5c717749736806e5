#include "ops/check.h"

#include "base/numbers.h"
#include "graph/verify.h"

namespace thimble {
namespace {

std::string place(const Graph& graph, const Node& node) {
  std::string text = format("node \"{}\" {}", node.name, name(node.op));
  for (size_t i = 0; i < node.inputs.size() && i < 6; ++i)
    if (node.inputs[i] != kNoTensor) text += format("\n      in  {}", graph.at(node.inputs[i]).to_string());
  for (TensorId t : node.outputs) text += format("\n      out {}", graph.at(t).to_string());
  return text;
}

thread_local int64_t inferred = 0;

// Verifies the graph; found(Resolved&&) for each node in order.
template <class Found>
Status each_node(const Graph& graph, Found found) {
  THIMBLE_TRY(verify_structure(graph));
  for (const Node& node : graph.nodes) {
    InferContext context(graph, node);
    THIMBLE_TRY(infer_node(graph, node, &context));
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const Tensor& declared = graph.at(node.outputs[i]);
      const TensorSpec& inferred_spec = context.outputs[i];
      if (declared.type != inferred_spec.type || !(declared.shape == inferred_spec.shape)) {
        Error error{ErrorCode::bad_file,
                    format("output {} is declared {} {} but computes to {} {}", i, name(declared.type),
                           declared.shape.to_string(), name(inferred_spec.type), inferred_spec.shape.to_string()),
                    {},
                    {}};
        return with_context(std::move(error), place(graph, node));
      }
    }
    found(static_cast<Resolved&&>(context));
  }
  return {};
}

}  // namespace

Status infer_node(const Graph& graph, const Node& node, InferContext* context) {
  ++inferred;
  if (index(node.op) >= kOpCount) return fail(ErrorCode::internal, "operator number out of range");
  Status s = row(node.op).infer(*context);
  if (!s) return with_context(std::move(s).error(), place(graph, node));
  return {};
}

int64_t inferred_nodes() { return inferred; }

Status verify(const Graph& graph) {
  return each_node(graph, [](Resolved&&) {});
}

Result<Checked> check(Graph graph) {
  std::vector<Resolved> nodes;
  nodes.reserve(graph.nodes.size());
  THIMBLE_TRY(each_node(graph, [&](Resolved&& resolved) { nodes.push_back(std::move(resolved)); }));
  return Checked{std::move(graph), std::move(nodes)};
}

Result<GraphCost> cost(const Graph& graph) {
  GraphCost total;
  for (const Node& node : graph.nodes) {
    InferContext context(graph, node);
    THIMBLE_TRY(infer_node(graph, node, &context));
    total.node_macs.push_back(context.macs);
    if (!checked_add(total.macs, context.macs, &total.macs)) total.macs = INT64_MAX;
  }
  return total;
}

std::string dump(const Graph& graph) {
  std::string text = format("graph \"{}\"\n", graph.name);
  for (TensorId t : graph.inputs) text += format("  input  {}\n", graph.at(t).to_string());
  for (TensorId t : graph.outputs) text += format("  output {}\n", graph.at(t).to_string());
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    text += format("{:4} {}{}\n", n, name(node.op), node.attrs.to_string());
    for (TensorId t : node.inputs)
      if (t != kNoTensor)
        text += format("       in  {}{}\n", graph.at(t).to_string(),
                       graph.at(t).constant() ? " constant"
                       : graph.at(t).variable ? " variable"
                                              : "");
    for (TensorId t : node.outputs) text += format("       out {}\n", graph.at(t).to_string());
  }
  return text;
}

}  // namespace thimble
