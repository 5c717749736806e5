// Dynamic range: weights as symmetric int8, activations quantised by the operators as they run.
#include <algorithm>
#include <map>

#include "compress/quantize/internal.h"
#include "compress/quantize/params.h"

namespace thimble::compress {
namespace {

// Why a node keeps its weights in float32, or empty.
std::string obstacle(const Graph& graph, const QuantizeOptions& options, const Node& node, const QuantRule& rule) {
  if (!rule.hybrid) return format("{} has no form with float activations and int8 weights", name(node.op));
  if (!selected(options, graph, node)) return "not among the chosen layers";
  if (graph.at(node.inputs[0]).type != DType::f32)
    return format("its input is {}", name(graph.at(node.inputs[0]).type));
  if (std::string why = weights_obstacle(graph, node, rule); !why.empty()) return why;
  const std::vector<int> weights = weight_inputs(node, rule);
  for (int i : weights) {
    const Tensor& w = graph.at(node.inputs[static_cast<size_t>(i)]);
    if (w.shape.elements() >= options.min_elements) continue;
    std::string why = format("{} values, fewer than min_elements = {}", w.shape.elements(), options.min_elements);
    if (weights.size() > 1) why = format("{} has {}; all matrices of {} stay together", w.name, why, name(node.op));
    return why;
  }
  return {};
}

}  // namespace

Result<Quantized> to_dynamic(const Graph& source, const QuantizeOptions& options) {
  Quantized result;
  result.graph = source;
  Graph& graph = result.graph;
  Ledger ledger(source);
  std::map<std::pair<TensorId, int>, TensorId> quantized;  // (weights, axis): several nodes may share them
  std::vector<char> counted(source.tensors.size(), 0);     // float constants already in the ledger
  for (Node& node : graph.nodes) {
    const auto& cell = quant_rule_of(node.op);
    const QuantRule rule = cell.rule ? cell.rule(node) : QuantRule{.integer = false};
    const std::string why = obstacle(source, options, node, rule);
    const std::vector<int> weights = weight_inputs(node, rule);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      TensorId& t = node.inputs[i];
      if (t == kNoTensor || !source.at(t).constant() || source.at(t).type != DType::f32) continue;
      if (!contains(weights, static_cast<int>(i)) || !why.empty()) {
        std::string reason = contains(weights, static_cast<int>(i)) ? why
                             : weights.empty() ? format("an operand of {}: only weights become int8", name(node.op))
                                               : "bias: stays float32 in dynamic range";
        if (counted[static_cast<size_t>(t)]++) {
          ledger.shares(t, std::move(reason));
        } else {
          ledger.becomes(t, source.at(t), std::move(reason));
        }
        continue;
      }
      const auto [it, fresh] = quantized.try_emplace({t, rule.weight_axis}, kNoTensor);
      if (fresh) {
        Tensor w = quantize_weights(source.at(t), scale_axis(source.at(t), rule.weight_axis));
        ledger.becomes(t, w);
        it->second = graph.add(std::move(w));
      }
      t = it->second;
    }
  }
  ledger.finish(result);
  return result;
}

}  // namespace thimble::compress
