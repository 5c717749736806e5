#include "compress/quantize/int8_limits.h"

#include <algorithm>
#include <cmath>

#include "compress/quantize/params.h"
#include "formats/tflite/stock.h"

namespace thimble::compress {
namespace {

int axis_of(const Graph& source, const QuantizeOptions& options, const Int8Plan& plan, size_t node) {
  if (options.per_tensor_weights) return -1;
  const QuantRule& rule = plan.rules[node];
  const TensorId id = source.nodes[node].inputs[static_cast<size_t>(rule.weight_input)];
  const auto given = plan.weight_axes.find(id);
  return given != plan.weight_axes.end() ? given->second : scale_axis(source.at(id), rule.weight_axis);
}

class Limits {
 public:
  Limits(const Graph& source, const QuantizeOptions& options, Int8Plan& plan)
      : source_(source), options_(options), plan_(plan) {}

  std::map<size_t, Tensor> run() {
    constexpr int kRounds = 8;  // an output that is raised is the input of others, as a rule further on
    bool raised = true;
    for (int round = 0; raised && round < kRounds; ++round) {
      raised = false;
      for (size_t n = 0; n < source_.nodes.size(); ++n)
        if (plan_.integer(n)) raised = hold(n) || raised;
    }
    return std::move(weights_);
  }

 private:
  Quantization& quant(TensorId t) { return plan_.quant[static_cast<size_t>(t)]; }

  bool hold(size_t n) {
    const Node& node = source_.nodes[n];
    const QuantRule& rule = plan_.rules[n];
    std::vector<TensorId> activations;
    std::vector<float> scales;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (operand(source_, node, rule, i) == Operand::activation) {
        activations.push_back(node.inputs[i]);
        scales.push_back(quant(node.inputs[i]).scale[0]);
      }
    float widest = 0;
    if (rule.weight_input >= 0 && !rule.quantize) {
      const float x_scale = quant(node.inputs[0]).scale[0];
      const auto [it, fresh] = weights_.try_emplace(n);
      if (fresh || made_for_[n] != x_scale) it->second = int8_weights(source_, options_, plan_, n);
      made_for_[n] = x_scale;
      widest = *std::ranges::max_element(it->second.quant.scale);
    }
    const Quantization& y = quant(node.outputs[0]);
    const tflite::LeastScales least = tflite::least_scales(node, {scales, widest, y.empty() ? 0 : y.scale[0]});
    bool raised = false;
    for (TensorId t : activations) raised = raise(t, least.input) || raised;
    for (TensorId t : node.outputs)
      if (!quant(t).empty()) raised = raise(t, least.output) || lower(t, least.most) || raised;
    return raised;
  }

  bool lower(TensorId id, double most) {
    if (quant(id).scale[0] <= most || plan_.fixed[static_cast<size_t>(id)]) return false;
    return rescale(id, short_scale(static_cast<float>(most * 0.5), options_.scale_bits, false));
  }

  bool raise(TensorId id, double least) {
    if (quant(id).scale[0] > least || plan_.fixed[static_cast<size_t>(id)]) return false;
    return rescale(id, short_scale(static_cast<float>(least * 1.01), options_.scale_bits, true));
  }

  // Of all tensors of a group.
  bool rescale(TensorId id, float scale) {
    const auto group = plan_.group[static_cast<size_t>(id)];
    for (size_t t = 0; t < plan_.quant.size(); ++t) {
      Quantization& q = plan_.quant[t];
      if (plan_.group[t] != group || q.empty() || plan_.fixed[t]) continue;
      // A range that begins or ends at 0 still does.
      if (q.zero_point[0] != -128 && q.zero_point[0] != 127)
        q.zero_point[0] =
            static_cast<int32_t>(std::lround(std::clamp(q.zero_point[0] * double{q.scale[0]} / scale, -128.0, 127.0)));
      q.scale[0] = scale;
    }
    return true;
  }

  const Graph& source_;
  const QuantizeOptions& options_;
  Int8Plan& plan_;
  std::map<size_t, Tensor> weights_;
  std::map<size_t, float> made_for_;  // the input's scale that weights_ were made for
};

}  // namespace

Tensor int8_weights(const Graph& source, const QuantizeOptions& options, const Int8Plan& plan, size_t node) {
  const Node& from = source.nodes[node];
  const QuantRule& rule = plan.rules[node];
  const auto bias_at = static_cast<size_t>(std::max(rule.bias_input, 0));
  const bool biased = rule.bias_input >= 0 && bias_at < from.inputs.size() && from.inputs[bias_at] != kNoTensor;
  const TensorId id = from.inputs[static_cast<size_t>(rule.weight_input)];
  WeightForm form{.bits = bits_of(options, source, from), .scale = {}, .scale_bits = options.scale_bits};
  if (const auto it = plan.weight_scales.find(id); it != plan.weight_scales.end()) form.scale = it->second;
  return quantize_weights(source.at(id), axis_of(source, options, plan, node),
                          biased ? &source.at(from.inputs[bias_at]) : nullptr,
                          plan.quant[static_cast<size_t>(from.inputs[0])].scale[0], form);
}

std::map<size_t, Tensor> hold_limits(const Graph& source, const QuantizeOptions& options, Int8Plan& plan) {
  return Limits(source, options, plan).run();
}

}  // namespace thimble::compress
