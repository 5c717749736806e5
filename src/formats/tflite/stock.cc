#include "formats/tflite/stock.h"

#include <algorithm>

#include "base/format.h"
#include "formats/tflite/rule.h"
#include "ops/conv2d/conv2d.h"
#include "ops/operands.h"

namespace thimble::tflite {
namespace {

// Gradients of convolutions carry their attributes too.
bool convolves(const Node& node) { return layer_of(node) && node.attrs.holds<Conv2dAttrs>(); }

bool misses_bias(const Graph& graph, const Node& node) {
  if (!convolves(node) || (node.inputs.size() > 2 && node.inputs[2] != kNoTensor)) return false;
  const DType x = graph.at(node.inputs[0]).type;
  return x == DType::f32 || x == DType::i8 || x == DType::u8;
}

int channel_axis(const Node& node) { return layer_of(node)->output_axis; }

// int8 weights beside float activations with one scale for several channels.
bool misses_scales(const Graph& graph, const Node& node) {
  if (!convolves(node) || graph.at(node.inputs[0]).type != DType::f32) return false;
  const Tensor& w = graph.at(node.inputs[1]);
  return w.type == DType::i8 && w.quant.scale.size() == 1 && w.shape[channel_axis(node)] > 1;
}

Tensor zero_bias(const Graph& graph, const Node& node) {
  const Tensor &x = graph.at(node.inputs[0]), &w = graph.at(node.inputs[1]), &y = graph.at(node.outputs[0]);
  const auto channels = static_cast<size_t>(y.shape.dim(-1));
  Tensor bias{.name = (node.name.empty() ? y.name : node.name) + "/bias",
              .type = x.type == DType::f32 ? DType::f32 : DType::i32,
              .shape = Shape{static_cast<int64_t>(channels)},
              .data = Data::of(std::span<const int32_t>(std::vector<int32_t>(channels, 0)))};
  if (y.name.empty()) bias.name.clear();
  if (bias.type == DType::i32 && !x.quant.empty() && !w.quant.empty()) {
    for (const float s : w.quant.scale) bias.quant.scale.push_back(x.quant.scale[0] * s);
    bias.quant.zero_point.assign(bias.quant.scale.size(), 0);
  }
  return bias;
}

bool integer(const Tensor& t) { return (t.type == DType::i8 || t.type == DType::u8) && !t.quant.empty(); }

}  // namespace

bool is_complete(const Graph& graph) {
  return std::ranges::none_of(graph.nodes,
                              [&](const Node& n) { return misses_bias(graph, n) || misses_scales(graph, n); });
}

void complete(Graph& graph) {
  const std::vector<int> uses = graph.use_counts();
  for (Node& node : graph.nodes) {
    if (misses_bias(graph, node)) {
      node.inputs.resize(std::max<size_t>(node.inputs.size(), 3), kNoTensor);
      node.inputs[2] = graph.add(zero_bias(graph, node));
    }
    if (misses_scales(graph, node)) {
      Tensor w = graph.at(node.inputs[1]);
      const auto channels = static_cast<size_t>(w.shape[channel_axis(node)]);
      w.quant.scale.resize(channels, w.quant.scale[0]);
      w.quant.zero_point.assign(channels, 0);
      w.quant.axis = channel_axis(node);
      if (uses[static_cast<size_t>(node.inputs[1])] == 1) {
        graph.at(node.inputs[1]) = std::move(w);
      } else {  // other readers may want another axis
        node.inputs[1] = graph.add(std::move(w));
      }
    }
  }
}

LeastScales least_scales(const Node& node, const Scales& scales) {
  const auto& cell = rule_of(node.op);
  const auto demand = cell.rule ? cell.rule(node.op).least_scales : nullptr;
  return demand ? demand(scales) : LeastScales{};
}

bool runs_int4(const Node& node) {
  const auto& cell = rule_of(node.op);
  return cell.rule && cell.rule(node.op).runs_int4;
}

std::vector<std::string> stock_obstacles(const Graph& graph, bool written) {
  std::vector<std::string> found;
  for (const Node& node : graph.nodes) {
    if (node.outputs.empty()) continue;
    const Tensor& y = graph.at(node.outputs[0]);
    if (!written && misses_bias(graph, node))
      found.push_back(format("{} \"{}\" has no bias", name(node.op), node.name));
    if (!written && misses_scales(graph, node))
      found.push_back(
          format("{} \"{}\" has one scale for int8 weights beside float activations", name(node.op), node.name));
    std::vector<float> scales;
    float weights = 0;
    const OperandRule* rule = operands_of(node.op);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoTensor) continue;
      const Tensor& t = graph.at(node.inputs[i]);
      if (rule && (rule->role(i) == Role::weights || rule->role(i) == Role::slope) && !t.quant.empty()) {
        weights = std::max(weights, *std::ranges::max_element(t.quant.scale));
      } else if (integer(t)) {
        scales.push_back(t.quant.scale[0]);
      }
    }
    if (scales.empty()) continue;
    const LeastScales least = least_scales(node, {scales, weights, integer(y) ? y.quant.scale[0] : 0});
    const float narrowest = *std::ranges::min_element(scales);
    if (narrowest <= least.input)
      found.push_back(
          format("{} \"{}\" reads values of scale {}, not above {}", name(node.op), node.name, narrowest, least.input));
    if (integer(y) && y.quant.scale[0] <= least.output)
      found.push_back(format("{} \"{}\" gives values of scale {}, not above {}", name(node.op), node.name,
                             y.quant.scale[0], least.output));
    if (integer(y) && y.quant.scale[0] > least.most)
      found.push_back(format("{} \"{}\" gives values of scale {}, above {}", name(node.op), node.name, y.quant.scale[0],
                             least.most));
  }
  return found;
}

}  // namespace thimble::tflite
