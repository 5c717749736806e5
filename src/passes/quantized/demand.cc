#include "passes/quantized/demand.h"

#include "ops/operands.h"
#include "ops/unary/unary.h"

namespace thimble {

Format format_of(const Tensor& t, DType bytes) {
  Format f(t);
  if (f.type == bytes || (f.type != DType::i8 && f.type != DType::u8)) return f;
  f.type = bytes;
  for (int32_t& z : f.quant.zero_point) z += bytes == DType::u8 ? 128 : -128;
  return f;
}

bool integers(const Tensor& t) {
  return !t.quant.empty() &&
         (t.type == DType::i8 || t.type == DType::u8 || t.type == DType::i16 || (t.type == DType::i32 && t.constant()));
}

std::optional<Clamp> clamp_of(const Graph& graph, const Node& node) {
  if (is_unary(node.op)) {
    const UnaryTraits& traits = unary_row(node.op).traits;
    if (!traits.clamps()) return std::nullopt;
    return Clamp{0, traits.low, traits.high, traits.fused};
  }
  if ((node.op != Op::maximum && node.op != Op::minimum) || fused_activation(node) != Activation::none)
    return std::nullopt;
  for (const size_t i : {0u, 1u}) {
    const Tensor& bound = graph.at(node.inputs[1 - i]);
    if (!bound.constant() || bound.type != DType::f32 || bound.shape.elements() != 1 ||
        graph.at(node.inputs[i]).type != DType::f32 || std::isnan(bound.data.as<float>()[0]) ||
        !(graph.at(node.inputs[i]).shape == graph.at(node.outputs[0]).shape))
      continue;
    const float v = bound.data.as<float>()[0];
    return node.op == Op::maximum ? Clamp{i, v, INFINITY} : Clamp{i, -INFINITY, v};
  }
  return std::nullopt;
}

bool moves_values(const Node& node) {
  const OperandRule* rule = operands_of(node.op);
  if (!rule || node.outputs.size() != 1 || !node.intermediates.empty()) return false;
  return rule->moves || node.op == Op::pad || node.op == Op::gather || node.op == Op::concatenation ||
         node.op == Op::reduce_max || node.op == Op::reduce_min;
}

Demand demand_of(const Graph& graph, DType bytes) {
  Demand d;
  const std::optional<Format> none;
  std::vector<char> seen(graph.tensors.size(), 0);
  d.format.resize(graph.tensors.size());
  d.only_maxima.assign(graph.tensors.size(), 1);
  for (const TensorId t : graph.outputs) seen[static_cast<size_t>(t)] = 1, d.only_maxima[static_cast<size_t>(t)] = 0;
  const auto want = [&](TensorId t, const std::optional<Format>& f) {
    auto& w = d.format[static_cast<size_t>(t)];
    char& before = seen[static_cast<size_t>(t)];
    if (f && !before)
      w = f;
    else if (!f || !w || !(*w == *f))
      w.reset();
    before = 1;
  };
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    const std::optional<Clamp> clamp = clamp_of(graph, node);
    const bool moves = moves_values(node);
    // Quantisation passes concatenations, and maxima as it passes clamps.
    const bool all_pass = node.op == Op::concatenation || node.op == Op::maximum || node.op == Op::minimum;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId t = node.inputs[i];
      if (t == kNoTensor) continue;
      if (node.op != Op::max_pool && !(moves && i == 0 && d.only_maxima[static_cast<size_t>(node.outputs[0])]))
        d.only_maxima[static_cast<size_t>(t)] = 0;
      const bool passes = clamp ? i == clamp->input : all_pass || (moves && i == 0);
      if (node.op == Op::quantize && !graph.at(node.outputs[0]).quant.per_axis())
        want(t, format_of(graph.at(node.outputs[0]), bytes));
      else
        want(t, passes ? d.format[static_cast<size_t>(node.outputs[0])] : none);
    }
  }
  return d;
}

}  // namespace thimble
