#include "passes/affine.h"

#include <algorithm>

#include "ops/conv2d/conv2d.h"
#include "ops/operands.h"

namespace thimble {
namespace {

int64_t last_axis(const Tensor& t) { return t.shape.rank() > 0 ? t.shape.dim(-1) : 1; }

bool is_float_constant(const Graph& graph, TensorId t) {
  return t != kNoTensor && graph.at(t).constant() && graph.at(t).type == DType::f32;
}

bool inside(const WindowAxis& a) {
  return a.out < 1 || (a.input_of(0, 0) >= 0 && a.input_of(a.out - 1, a.kernel - 1) < a.in);
}

class Search {
 public:
  Search(Graph& graph, const ChannelAffine& affine)
      : graph_(graph), affine_(affine), period_(static_cast<int64_t>(affine.scale.size())) {}

  bool run(TensorId y, size_t from) {
    const std::vector<int> uses = graph_.use_counts();
    for (size_t n = from; n < graph_.nodes.size(); ++n) {
      Node& node = graph_.nodes[n];
      const auto at = std::ranges::find(node.inputs, y);
      if (at == node.inputs.end()) continue;
      if (uses[static_cast<size_t>(y)] != 1 || at != node.inputs.begin()) return false;
      if (takes(node)) return fold(node), true;
      if (!commutes(node)) return false;
      y = node.outputs[0];
    }
    return false;
  }

 private:
  const Tensor& in(const Node& node, size_t i) const { return graph_.at(node.inputs[i]); }

  bool commutes(const Node& node) const {
    if (node.outputs.size() != 1) return false;
    const Tensor& y = graph_.at(node.outputs[0]);
    const OperandRule* rule = operands_of(node.op);
    if (!rule || rule->commutes == Commutes::no || fused_activation(node) != Activation::none) return false;
    if (rule->commutes == Commutes::rising && std::ranges::any_of(affine_.scale, [](double s) { return s <= 0; }))
      return false;
    if (rule->row_major) return last_axis(y) > 0 && last_axis(y) % period_ == 0;
    if (y.shape.rank() == 0 || in(node, 0).shape.rank() == 0) return false;
    const AxisUse last = axes_of(graph_, node).uses(0).back();
    return last.link == AxisLink::same && last.to == y.shape.rank() - 1;
  }

  bool takes(const Node& node) const {
    if (!layer_of(node)) return false;
    if (!is_float_constant(graph_, node.inputs[1])) return false;
    if (node.inputs.size() > 2 && node.inputs[2] != kNoTensor && !is_float_constant(graph_, node.inputs[2]))
      return false;
    const Tensor &x = in(node, 0), &w = in(node, 1);
    if (x.type != DType::f32) return false;
    if (!node.attrs.holds<Conv2dAttrs>()) return w.shape.dim(-1) % period_ == 0;
    if (last_axis(x) % period_ != 0) return false;
    if (std::ranges::all_of(affine_.shift, [](double t) { return t == 0; })) return true;
    const auto window = conv_window(node.attrs.as<Conv2dAttrs>(), x.shape, w.shape);
    return window && inside(window->h) && inside(window->w);
  }

  void fold(Node& node) {
    const Tensor w = in(node, 1);
    const int64_t channels = last_axis(in(node, 0)), inner = w.shape.dim(-1);
    const LayerOperands& layer = *layer_of(node);
    const int64_t outputs = w.shape[layer.output_axis];
    const int64_t each = w.shape.elements() / std::max<int64_t>(outputs, 1);
    const auto old = w.data.as<float>();
    std::vector<float> weights(old.begin(), old.end());
    std::vector<double> bias(static_cast<size_t>(outputs), 0);
    for (size_t i = 0; i < weights.size(); ++i) {
      const auto k = static_cast<int64_t>(i);
      int64_t output = k / each, channel = k % inner;
      if (layer.depthwise()) {
        output = k % inner;
        channel = output / (inner / channels);
      } else if (node.attrs.holds<Conv2dAttrs>() && inner < channels) {  // groups
        channel += output / (outputs / (channels / inner)) * inner;
      }
      const auto c = static_cast<size_t>(channel % period_);
      bias[static_cast<size_t>(output)] += double{old[i]} * affine_.shift[c];
      weights[i] = static_cast<float>(old[i] * affine_.scale[c]);
    }
    const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoTensor;
    std::string bias_name = biased ? in(node, 2).name : node.name + "/bias";
    if (biased)
      for (size_t o = 0; o < bias.size(); ++o) bias[o] += in(node, 2).data.as<float>()[o];
    const std::vector<float> narrow(bias.begin(), bias.end());
    node.inputs.resize(std::max<size_t>(node.inputs.size(), 3), kNoTensor);
    node.inputs[1] = graph_.add({.name = w.name, .shape = w.shape, .data = Data::of(std::span<const float>(weights))});
    node.inputs[2] = graph_.add(
        {.name = std::move(bias_name), .shape = Shape{outputs}, .data = Data::of(std::span<const float>(narrow))});
  }

  Graph& graph_;
  const ChannelAffine& affine_;
  const int64_t period_;
};

}  // namespace

bool fold_into_next(Graph& graph, TensorId y, const ChannelAffine& affine, size_t from) {
  return !affine.scale.empty() && Search(graph, affine).run(y, from);
}

}  // namespace thimble
