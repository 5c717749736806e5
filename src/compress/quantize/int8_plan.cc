#include "compress/quantize/int8_plan.h"

#include <algorithm>
#include <numeric>

#include "compress/quantize/params.h"

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
  Planner(const Graph& graph, const QuantizeOptions& options) : graph_(graph), options_(options) {
    layout_.group.resize(graph.tensors.size());
    layout_.fixed.resize(graph.tensors.size());
    layout_.used.resize(graph.tensors.size(), 0);
    std::iota(layout_.group.begin(), layout_.group.end(), 0);
  }

  Int8Layout run() {
    decide();
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      if (layout_.integer(n)) join(graph_.nodes[n], layout_.rules[n]);
    if (options_.io != QuantizeOptions::Io::float32)
      for (const auto* list : {&graph_.inputs, &graph_.outputs})
        for (TensorId t : *list) use(t);
    for (size_t t = 0; t < layout_.group.size(); ++t) layout_.group[t] = root(t);
    return std::move(layout_);
  }

 private:
  // ---- which nodes ----
  void decide() {
    std::vector<char> int8(graph_.tensors.size(), 0);  // has an int8 form without being converted to it
    for (TensorId t : graph_.inputs) int8[static_cast<size_t>(t)] = 1;
    for (const Node& node : graph_.nodes) {
      const auto& cell = quant_rule_of(node.op);
      layout_.rules.push_back(cell.rule ? cell.rule(node) : QuantRule{.integer = false});
      std::string why = cell.rule ? obstacle(node, layout_.rules.back(), int8)
                                  : format("{} has no int8 form: {}", thimble::name(node.op), cell.why_not);
      if (why.empty())
        for (TensorId t : node.outputs) int8[static_cast<size_t>(t)] = graph_.at(t).type == DType::f32;
      layout_.why_float.push_back(std::move(why));
    }
  }

  bool wide() const { return options_.to == QuantizeTo::int16x8; }

  std::string obstacle(const Node& node, const QuantRule& rule, const std::vector<char>& int8) const {
    if (!rule.integer) return format("{} has no int8 form", thimble::name(node.op));
    if (wide() && (!(row(node.op).types & (S16 | S16X8)) || rule.quantize ||
                   (rule.output == QuantRule::Output::fixed && rule.fixed_wide_scale == 0)))
      return format("{} has no form with int16 activations", thimble::name(node.op));
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
    while (layout_.group[t] != t) t = layout_.group[t];
    return t;
  }
  void unite(TensorId a, TensorId b) { layout_.group[root(static_cast<size_t>(a))] = root(static_cast<size_t>(b)); }
  void use(TensorId t) {
    if (graph_.at(t).type == DType::f32) layout_.used[static_cast<size_t>(t)] = 1;
  }
  std::optional<Quantization>& fixed(TensorId t) { return layout_.fixed[static_cast<size_t>(t)]; }

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
        for (TensorId t : outputs)
          fixed(t) = wide() ? Quantization{{rule.fixed_wide_scale}, {0}}
                            : Quantization{{rule.fixed_scale}, {rule.fixed_zero_point}};
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
              layout_.widen.emplace_back(out, in);
            }
        }
      }
    }
  }

  const Graph& graph_;
  const QuantizeOptions& options_;
  Int8Layout layout_;  // .group: union-find while it is made
};

void widen(ValueRange& range, ValueRange by) {
  range.min = std::min(range.min, by.min);
  range.max = std::max(range.max, by.max);
}

}  // namespace

Int8Layout lay_out_int8(const Graph& graph, const QuantizeOptions& options) { return Planner(graph, options).run(); }

Result<CalibratedRanges> calibrate_int8(const Graph& graph, const Int8Layout& layout, const QuantizeOptions& options,
                                        const CalibrationSamples& samples) {
  CalibrationRequest request{layout.used, {}};
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    request.rules.push_back(layout.integer(n) ? &layout.rules[n] : nullptr);
  return calibrate(graph, request, options, samples);
}

Int8Plan choose_int8(const Graph& graph, const QuantizeOptions& options, Int8Layout layout,
                     const CalibratedRanges& ranges) {
  std::vector<ValueRange> of_group(graph.tensors.size());
  const auto range_of = [&](size_t t) {
    const Tensor& tensor = graph.tensors[t];
    if (!tensor.constant()) return ranges.tensors[t];
    Observer observer;
    observer.see(tensor.data.as<float>());
    return observer.extremes();
  };
  for (size_t t = 0; t < layout.used.size(); ++t)
    if (layout.used[t]) widen(of_group[layout.group[t]], range_of(t));
  for (const auto& [out, in] : layout.widen)
    widen(of_group[layout.group[static_cast<size_t>(out)]], range_of(static_cast<size_t>(in)));
  Int8Plan plan{std::move(layout.rules), std::move(layout.why_float), {}, layout.group, {}, ranges.inner};
  for (const auto& q : layout.fixed) plan.fixed.push_back(q.has_value());
  plan.quant.resize(graph.tensors.size());
  for (size_t t = 0; t < layout.used.size(); ++t)
    if (layout.used[t])
      plan.quant[t] = layout.fixed[t] ? *layout.fixed[t]
                      : options.to == QuantizeTo::int16x8
                          ? wide_quantization(of_group[layout.group[t]], options.scale_bits)
                          : activation_quantization(of_group[layout.group[t]], options.scale_bits);
  return plan;
}

}  // namespace thimble::compress
