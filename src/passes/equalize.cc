#include "passes/equalize.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ops/conv2d/conv2d.h"
#include "ops/operands.h"

namespace thimble {
namespace {

constexpr int kMostRounds = 50;
constexpr double kSettled = 1e-3, kMostFactor = 0x1p20;

// A layer whose output channels are divided, and all layers that read them.
struct Link {
  size_t from = 0;
  std::vector<size_t> to;
  int64_t channels = 0;
  std::vector<double> factor;  // of all rounds
};

bool passes_scale(Activation a) { return a == Activation::none || a == Activation::relu; }

class Equalizer {
 public:
  Equalizer(Graph& graph, const std::function<bool(const Tensor&)>& keep)
      : graph_(graph), keep_(keep), readers_(graph.tensors.size()) {
    for (size_t n = 0; n < graph.nodes.size(); ++n)
      for (TensorId t : graph.nodes[n].inputs)
        if (t != kNoTensor) readers_[static_cast<size_t>(t)].push_back(n);
  }

  Equalized run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (!layer(node) || !passes_scale(fused_activation(node))) continue;
      Link link{n, {}, graph_.at(node.outputs[0]).shape.dim(-1), {}};
      if (link.channels == 0 || !follow(node.outputs[0], link.channels, &link.to)) continue;
      link.factor.assign(static_cast<size_t>(link.channels), 1.0);
      links_.push_back(std::move(link));
    }
    Equalized done;
    for (const Link& link : links_)
      for (size_t to : link.to) done.pairs.emplace_back(graph_.nodes[link.from].name, graph_.nodes[to].name);
    double moved = links_.empty() ? 0 : 1;
    while (moved > kSettled && done.rounds < kMostRounds) {
      moved = 0;
      for (Link& link : links_) moved = std::max(moved, balance(link));
      ++done.rounds;
    }
    for (const Link& link : links_)
      for (double f : link.factor) done.largest_factor = std::max({done.largest_factor, f, 1 / f});
    apply();
    for (auto& [t, values] : values_) graph_.at(t).data = Data::of(std::span<const float>(values));
    return done;
  }

 private:
  bool own(TensorId t) const {
    const Tensor& tensor = graph_.at(t);
    return tensor.constant() && tensor.type == DType::f32 && readers_[static_cast<size_t>(t)].size() == 1 &&
           std::ranges::find(graph_.outputs, t) == graph_.outputs.end();
  }
  static bool has_bias(const Node& node) { return node.inputs.size() > 2 && node.inputs[2] != kNoTensor; }
  bool layer(const Node& node) const {
    return layer_of(node) && graph_.at(node.inputs[0]).type == DType::f32 && own(node.inputs[1]) &&
           (!has_bias(node) || own(node.inputs[2])) && !(keep_ && keep_(graph_.at(node.inputs[1])));
  }

  // Whether all that reads `t` leads to layers; value i of t belongs to channel i mod `channels`.
  bool follow(TensorId t, int64_t channels, std::vector<size_t>* to) const {
    const auto& readers = readers_[static_cast<size_t>(t)];
    if (readers.empty() || std::ranges::find(graph_.outputs, t) != graph_.outputs.end()) return false;
    return std::ranges::all_of(readers, [&](size_t n) { return follow_reader(n, t, channels, to); });
  }

  bool follow_reader(size_t n, TensorId t, int64_t channels, std::vector<size_t>* to) const {
    const Node& node = graph_.nodes[n];
    if (node.inputs[0] != t || std::ranges::count(node.inputs, t) != 1) return false;
    const Shape& x = graph_.at(t).shape;
    const bool innermost = x.rank() > 0 && x.dim(-1) == channels;
    if (layer_of(node)) {
      const bool reads =
          node.attrs.holds<Conv2dAttrs>() ? innermost : graph_.at(node.inputs[1]).shape[1] % channels == 0;
      if (!reads || !layer(node)) return false;
      to->push_back(n);
      return true;
    }
    const OperandRule* rule = operands_of(node.op);
    if (!rule || !rule->homogeneous || !passes_scale(fused_activation(node)) || !other_inputs_keep_scale(node, *rule))
      return false;
    if (!rule->row_major) {
      if (!innermost) return false;
      const AxisMap axes = axes_of(graph_, node);
      const Shape& y = graph_.at(node.outputs[0]).shape;
      const AxisUse &first = axes.uses(0).front(), &last = axes.uses(0).back();
      if (first.link != AxisLink::same || last.link != AxisLink::same || last.to != y.rank() - 1) return false;
    }
    return follow(node.outputs[0], channels, to);
  }

  // Slopes are constants; what padding fills in is 0.
  bool other_inputs_keep_scale(const Node& node, const OperandRule& rule) const {
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoTensor) continue;
      const Tensor& t = graph_.at(node.inputs[i]);
      if (!t.constant()) return false;
      if (rule.role(i) == Role::parameter && t.data.as<float>()[0] != 0) return false;
    }
    return true;
  }

  std::vector<float>& values(TensorId t) {
    auto [it, fresh] = values_.try_emplace(t);
    if (fresh) {
      const auto data = graph_.at(t).data.as<float>();
      it->second.assign(data.begin(), data.end());
    }
    return it->second;
  }

  // visit(value, channel) for every weight that makes an output channel.
  template <class F>
  void outputs(size_t n, F&& visit) {
    const Node& node = graph_.nodes[n];
    std::vector<float>& w = values(node.inputs[1]);
    const Shape& shape = graph_.at(node.inputs[1]).shape;
    const bool innermost = layer_of(node)->depthwise();
    const auto channels = static_cast<size_t>(shape[layer_of(node)->output_axis]), inner = w.size() / channels;
    for (size_t i = 0; i < w.size(); ++i) visit(w[i], innermost ? i % channels : i / inner);
  }
  // The same for every weight that reads a channel.
  template <class F>
  void inputs(size_t n, int64_t channels, F&& visit) {
    const Node& node = graph_.nodes[n];
    std::vector<float>& w = values(node.inputs[1]);
    const Shape& shape = graph_.at(node.inputs[1]).shape;
    const auto all = static_cast<size_t>(channels);
    if (layer_of(node)->depthwise()) {
      const auto made = static_cast<size_t>(shape[3]), multiplier = made / all;
      for (size_t i = 0; i < w.size(); ++i) visit(w[i], i % made / multiplier);
      return;
    }
    // A group reads its own channels; a dense layer's columns repeat the channels.
    const auto made = static_cast<size_t>(shape[0]), read = static_cast<size_t>(shape.dim(-1)), row = w.size() / made;
    const size_t group_outputs = made / std::max<size_t>(all / read, 1);
    for (size_t i = 0; i < w.size(); ++i) visit(w[i], (i / row / group_outputs * read + i % read) % all);
  }

  // The original weights with the factors of all rounds, each rounded once per side.
  void apply() {
    values_.clear();
    for (const Link& link : links_) {
      const std::vector<double>& s = link.factor;
      outputs(link.from, [&](float& v, size_t c) { v = static_cast<float>(v / s[c]); });
      if (const Node& node = graph_.nodes[link.from]; has_bias(node)) {
        std::vector<float>& bias = values(node.inputs[2]);
        for (size_t c = 0; c < s.size(); ++c) bias[c] = static_cast<float>(bias[c] / s[c]);
      }
      for (size_t to : link.to)
        inputs(to, link.channels, [&](float& v, size_t c) { v = static_cast<float>(v * s[c]); });
    }
  }

  // One pair (or several that share A); returns how far the farthest factor is from 1.
  double balance(Link& link) {
    const auto channels = static_cast<size_t>(link.channels);
    std::vector<double> a(channels, 0), b(channels, 0), s(channels, 1);
    const auto largest = [](std::vector<double>& of) {
      return [&of](float v, size_t c) { of[c] = std::max(of[c], std::fabs(static_cast<double>(v))); };
    };
    outputs(link.from, largest(a));
    for (size_t to : link.to) inputs(to, link.channels, largest(b));
    double moved = 0;
    for (size_t c = 0; c < channels; ++c) {
      if (!(a[c] > 0) || !(b[c] > 0)) continue;
      const double wanted = std::clamp(link.factor[c] * std::sqrt(a[c] / b[c]), 1 / kMostFactor, kMostFactor);
      s[c] = wanted / link.factor[c];
      link.factor[c] = wanted;
      moved = std::max({moved, s[c] - 1, 1 / s[c] - 1});
    }
    outputs(link.from, [&](float& v, size_t c) { v = static_cast<float>(v / s[c]); });
    for (size_t to : link.to) inputs(to, link.channels, [&](float& v, size_t c) { v = static_cast<float>(v * s[c]); });
    return moved;
  }

  Graph& graph_;
  const std::function<bool(const Tensor&)>& keep_;
  std::vector<std::vector<size_t>> readers_;
  std::vector<Link> links_;
  std::map<TensorId, std::vector<float>> values_;
};

}  // namespace

Equalized equalize_layers(Graph& graph, const std::function<bool(const Tensor& weights)>& keep) {
  return Equalizer(graph, keep).run();
}

}  // namespace thimble
