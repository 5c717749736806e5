#include "compress/int8_plan.h"

#include <algorithm>
#include <numeric>

#include "compress/params.h"

namespace thimble::compress {

Operand operand(const Graph& graph, const Node& node, const QuantRule& rule, size_t i) {
  const int k = static_cast<int>(i);
  if (node.inputs[i] == kNoTensor) return Operand::absent;
  if (k == rule.weight_input || contains(rule.weight_inputs, k)) return Operand::weights;
  if (k == rule.bias_input) return Operand::bias;
  if (contains(rule.untouched_inputs, k) || (rule.quantize && k > 0)) return Operand::untouched;
  return graph.at(node.inputs[i]).type == DType::f32 ? Operand::activation : Operand::untouched;
}

namespace {

class Planner {
 public:
  Planner(const Graph& graph, const QuantizeOptions& options)
      : graph_(graph),
        options_(options),
        group_(graph.tensors.size()),
        fixed_(graph.tensors.size()),
        used_(graph.tensors.size(), 0) {
    std::iota(group_.begin(), group_.end(), 0);
  }

  Result<Int8Plan> run(const CalibrationSamples& samples) {
    decide();
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      if (plan_.integer(n)) join(graph_.nodes[n], plan_.rules[n]);
    if (options_.io != QuantizeOptions::Io::float32)
      for (const auto* list : {&graph_.inputs, &graph_.outputs})
        for (TensorId t : *list) use(t);
    THIMBLE_ASSIGN(const CalibratedRanges ranges, observe(samples));
    choose(ranges);
    plan_.inner = ranges.inner;
    return std::move(plan_);
  }

 private:
  // ---- which nodes ----
  void decide() {
    std::vector<char> int8(graph_.tensors.size(), 0);  // has an int8 form without being converted to it
    for (TensorId t : graph_.inputs) int8[static_cast<size_t>(t)] = 1;
    for (const Node& node : graph_.nodes) {
      const auto& cell = quant_rule_of(node.op);
      plan_.rules.push_back(cell.rule ? cell.rule(node) : QuantRule{.integer = false});
      std::string why = cell.rule ? obstacle(node, plan_.rules.back(), int8)
                                  : format("{} has no int8 form: {}", thimble::name(node.op), cell.why_not);
      if (why.empty())
        for (TensorId t : node.outputs) int8[static_cast<size_t>(t)] = graph_.at(t).type == DType::f32;
      plan_.why_float.push_back(std::move(why));
    }
  }

  std::string obstacle(const Node& node, const QuantRule& rule, const std::vector<char>& int8) const {
    if (!rule.integer) return format("{} has no int8 form", thimble::name(node.op));
    if (!selected(options_, graph_, node)) return "not among the chosen layers";
    if (std::string why = weights_obstacle(graph_, node, rule); !why.empty()) return why;
    bool any = false, any_int8 = false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (operand(graph_, node, rule, i) != Operand::activation) continue;
      const Tensor& x = graph_.at(node.inputs[i]);
      if (x.variable) return format("{} is a variable", x.name);
      any = true;
      any_int8 = any_int8 || int8[static_cast<size_t>(node.inputs[i])];
    }
    if (!any) return format("{} does not work on float32 values here", thimble::name(node.op));
    // What only moves values follows its input, or there would be conversions for nothing.
    using Output = QuantRule::Output;
    if ((rule.output == Output::same_as_input || rule.output == Output::inputs_same_as_output) && !any_int8)
      return "its inputs stay float32";
    return {};
  }

  // ---- which tensors share a scale ----
  size_t root(size_t t) const {
    while (group_[t] != t) t = group_[t];
    return t;
  }
  void unite(TensorId a, TensorId b) { group_[root(static_cast<size_t>(a))] = root(static_cast<size_t>(b)); }
  void use(TensorId t) {
    if (graph_.at(t).type == DType::f32) used_[static_cast<size_t>(t)] = 1;
  }
  std::optional<Quantization>& fixed(TensorId t) { return fixed_[static_cast<size_t>(t)]; }

  void join(const Node& node, const QuantRule& rule) {
    std::vector<TensorId> activations, outputs;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (operand(graph_, node, rule, i) == Operand::activation) activations.push_back(node.inputs[i]);
    for (TensorId t : node.outputs)
      if (graph_.at(t).type == DType::f32) outputs.push_back(t);
    for (TensorId t : activations) use(t);
    for (TensorId t : outputs) use(t);
    switch (rule.output) {
      case QuantRule::Output::free: break;
      case QuantRule::Output::fixed:
        for (TensorId t : outputs) fixed(t) = Quantization{{rule.fixed_scale}, {rule.fixed_zero_point}};
        break;
      case QuantRule::Output::same_as_input:  // further operands, such as a padding value, share it too
        outputs.insert(outputs.end(), activations.begin() + 1, activations.end());
        for (TensorId t : outputs) {
          unite(t, activations[0]);
          fixed(t) = fixed(activations[0]);
        }
        break;
      case QuantRule::Output::inputs_same_as_output: {
        const bool all_fixed =
            std::ranges::all_of(activations, [&](TensorId t) { return fixed(t) && fixed(t) == fixed(activations[0]); });
        for (TensorId out : outputs) {
          if (all_fixed) fixed(out) = fixed(activations[0]);
          for (TensorId in : activations)
            if (all_fixed || !fixed(in)) {
              unite(in, out);
            } else {
              widen_.emplace_back(out, in);
            }
        }
      }
    }
  }

  // ---- ranges ----
  Result<CalibratedRanges> observe(const CalibrationSamples& samples) {
    CalibrationRequest request{used_, {}};
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      request.rules.push_back(plan_.integer(n) ? &plan_.rules[n] : nullptr);
    return calibrate(graph_, request, options_, samples);
  }

  static void widen(ValueRange& range, ValueRange by) {
    range.min = std::min(range.min, by.min);
    range.max = std::max(range.max, by.max);
  }

  void choose(const CalibratedRanges& ranges) {
    std::vector<ValueRange> of_group(graph_.tensors.size());
    const auto range_of = [&](size_t t) {
      const Tensor& tensor = graph_.tensors[t];
      if (!tensor.constant()) return ranges.tensors[t];
      Observer observer;
      observer.see(tensor.data.as<float>());
      return observer.extremes();
    };
    for (size_t t = 0; t < used_.size(); ++t)
      if (used_[t]) widen(of_group[root(t)], range_of(t));
    for (const auto& [out, in] : widen_)
      widen(of_group[root(static_cast<size_t>(out))], range_of(static_cast<size_t>(in)));
    plan_.quant.resize(graph_.tensors.size());
    for (size_t t = 0; t < used_.size(); ++t)
      if (used_[t]) plan_.quant[t] = fixed_[t] ? *fixed_[t] : activation_quantization(of_group[root(t)]);
  }

  const Graph& graph_;
  const QuantizeOptions& options_;
  Int8Plan plan_;
  std::vector<size_t> group_;                         // union-find: tensor → parent
  std::vector<std::optional<Quantization>> fixed_;    // what a fixed output, or a view of one, has
  std::vector<std::pair<TensorId, TensorId>> widen_;  // the first's range must hold the second's values
  std::vector<char> used_;
};

}  // namespace

Result<Int8Plan> plan_int8(const Graph& graph, const QuantizeOptions& options, const CalibrationSamples& samples) {
  return Planner(graph, options).run(samples);
}

}  // namespace thimble::compress
