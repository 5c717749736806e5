#include "passes/fold_batch_norm.h"

#include <algorithm>
#include <cmath>

#include "ops/batch_norm/batch_norm.h"
#include "ops/binary/binary.h"
#include "ops/operands.h"
#include "passes/affine.h"

namespace thimble {
namespace {

Result<ChannelAffine> affine_of(const Graph& graph, const Node& node) {
  for (size_t i = 1; i < 5; ++i)
    if (!graph.at(node.inputs[i]).constant())
      return fail(ErrorCode::usage,
                  format("batch_norm \"{}\": {} is not a constant", node.name, graph.at(node.inputs[i]).to_string()),
                  "freeze the trained variables into constants first");
  const auto values = [&](size_t i) { return graph.at(node.inputs[i]).data.as<float>(); };
  const auto gamma = values(1), beta = values(2), mean = values(3), variance = values(4);
  const double epsilon = node.attrs.as<BatchNormAttrs>().epsilon;
  ChannelAffine affine;
  for (size_t c = 0; c < gamma.size(); ++c) {
    affine.scale.push_back(gamma[c] / std::sqrt(variance[c] + epsilon));
    affine.shift.push_back(beta[c] - mean[c] * affine.scale[c]);
  }
  return affine;
}

TensorId constant(Graph& graph, std::string name, Shape shape, std::span<const float> values) {
  return graph.add({.name = std::move(name), .shape = shape, .data = Data::of(values)});
}

std::vector<float> narrowed(const std::vector<double>& values) { return {values.begin(), values.end()}; }

// Whether `layer` can take the affine map of its output.
bool can_fold(const Graph& graph, const Node& layer, size_t channels) {
  const LayerOperands* operands = layer_of(layer);
  if (!operands || fused_activation(layer) != Activation::none) return false;
  const Tensor& w = graph.at(layer.inputs[1]);
  const auto outputs = static_cast<size_t>(layer_outputs(graph, layer, *operands));
  if (!w.constant() || w.type != DType::f32 || outputs != channels) return false;
  const bool has_bias = layer.inputs.size() > 2 && layer.inputs[2] != kNoTensor;
  return !has_bias || (graph.at(layer.inputs[2]).constant() && graph.at(layer.inputs[2]).type == DType::f32);
}

void fold_into(Graph& graph, Node& layer, const ChannelAffine& affine) {
  const Tensor w = graph.at(layer.inputs[1]);
  const size_t channels = affine.scale.size();
  const auto old = w.data.as<float>();
  const size_t inner = old.size() / channels;
  std::vector<float> weights(old.begin(), old.end());
  const bool depthwise = layer_of(layer)->depthwise();  // the channel innermost; else outermost
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>(weights[i] * affine.scale[depthwise ? i % channels : i / inner]);
  std::vector<double> bias = affine.shift;
  std::string bias_name = format("{}/bias", layer.name);
  if (layer.inputs.size() > 2 && layer.inputs[2] != kNoTensor) {
    const Tensor& tensor = graph.at(layer.inputs[2]);
    bias_name = tensor.name;
    const auto before = tensor.data.as<float>();
    for (size_t c = 0; c < channels; ++c) bias[c] += before[c] * affine.scale[c];
  }
  layer.inputs.resize(3, kNoTensor);
  layer.inputs[1] = constant(graph, w.name, w.shape, weights);
  layer.inputs[2] = constant(graph, bias_name, Shape{static_cast<int64_t>(channels)}, narrowed(bias));
}

}  // namespace

std::string StandingAffine::to_string() const {
  return format(
      "{} stays as a multiplication and an addition of {} values and {} bytes of constants: what comes before it "
      "cannot "
      "take it up (an activation, several readers), nor what comes behind it (a layer with padding, a sum)",
      name, values, bytes);
}

std::vector<StandingAffine> standing_affines(const Graph& graph) {
  std::vector<StandingAffine> found;
  const std::vector<int> uses = graph.use_counts();
  const std::vector<NodeId> producers = graph.producers();
  // Which operand of a node is a constant along the channels of its result, or −1.
  const auto along = [&](const Node& node) {
    const int64_t channels = graph.at(node.outputs[0]).shape.rank() > 0 ? graph.at(node.outputs[0]).shape.dim(-1) : 0;
    for (int i : {1, 0}) {
      const Tensor& c = graph.at(node.inputs[static_cast<size_t>(i)]);
      if (c.constant() && c.shape.rank() > 0 && channels > 1 && c.shape.elements() == channels) return i;
    }
    return -1;
  };
  for (const Node& add : graph.nodes) {
    if (add.op != Op::add || along(add) < 0) continue;
    const auto x = static_cast<size_t>(add.inputs[along(add) == 1 ? 0 : 1]);
    if (producers[x] < 0 || uses[x] != 1) continue;
    const Node& mul = graph.nodes[static_cast<size_t>(producers[x])];
    if (mul.op != Op::mul || along(mul) < 0) continue;
    const Tensor &scale = graph.at(mul.inputs[static_cast<size_t>(along(mul))]),
                 &shift = graph.at(add.inputs[static_cast<size_t>(along(add))]);
    // As fold_batch_norm names them, or as converters of other programs do; a layer normalisation is like it but cannot
    // fold.
    const std::string& name = graph.at(add.outputs[0]).name;
    const bool ours = scale.name.ends_with("/scale") && shift.name.ends_with("/shift");
    const bool theirs = name.find("batchnorm") != std::string::npos || name.find("BatchNorm") != std::string::npos;
    if (!ours && !theirs) continue;
    found.push_back({name, graph.at(add.outputs[0]).shape.elements(), scale.bytes() + shift.bytes()});
  }
  return found;
}

Result<FoldedBatchNorms> fold_batch_norm(Graph& graph) {
  FoldedBatchNorms result;
  const std::vector<int> uses = graph.use_counts();
  std::vector<ChannelAffine> affines;  // checked before anything changes
  for (const Node& node : graph.nodes) {
    if (node.op != Op::batch_norm) continue;
    for (size_t i = 1; i < node.outputs.size(); ++i)
      if (uses[static_cast<size_t>(node.outputs[i])] > 0)
        return fail(ErrorCode::usage, format("batch_norm \"{}\": its batch statistics are still read", node.name));
    THIMBLE_ASSIGN(affines.emplace_back(), affine_of(graph, node));
  }
  size_t next = 0;
  std::vector<Node> nodes;
  std::vector<size_t> producer(graph.tensors.size(), SIZE_MAX);  // index into `nodes`
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    if (node.op != Op::batch_norm) {
      for (TensorId t : node.outputs) producer[static_cast<size_t>(t)] = nodes.size();
      nodes.push_back(std::move(node));
      continue;
    }
    const ChannelAffine& affine = affines[next++];
    const auto x = static_cast<size_t>(node.inputs[0]);
    const size_t before = producer[x];
    producer[static_cast<size_t>(node.outputs[0])] = nodes.size();
    if (before != SIZE_MAX && uses[x] == 1 && can_fold(graph, nodes[before], affine.scale.size())) {
      fold_into(graph, nodes[before], affine);
      nodes[before].outputs[0] = node.outputs[0];
      producer[static_cast<size_t>(node.outputs[0])] = before;
      ++result.folded;
      continue;
    }
    if (fold_into_next(graph, node.outputs[0], affine, n + 1)) {
      for (size_t later = n + 1; later < graph.nodes.size(); ++later)
        std::ranges::replace(graph.nodes[later].inputs, node.outputs[0], node.inputs[0]);
      ++result.folded;
      continue;
    }
    const Shape channels{static_cast<int64_t>(affine.scale.size())};
    const TensorId product = graph.add({.name = node.name + "/scaled", .shape = graph.at(node.inputs[0]).shape});
    graph.at(product).batch_unknown = graph.at(node.inputs[0]).batch_unknown;
    const TensorId scale = constant(graph, node.name + "/scale", channels, narrowed(affine.scale));
    const TensorId shift = constant(graph, node.name + "/shift", channels, narrowed(affine.shift));
    nodes.push_back({.op = Op::mul,
                     .inputs = {node.inputs[0], scale},
                     .outputs = {product},
                     .attrs = BinaryAttrs{},
                     .name = node.name + "/mul"});
    producer[static_cast<size_t>(node.outputs[0])] = nodes.size();
    nodes.push_back({.op = Op::add,
                     .inputs = {product, shift},
                     .outputs = {node.outputs[0]},
                     .attrs = BinaryAttrs{},
                     .name = node.name + "/add"});
    ++result.separate;
  }
  graph.nodes = std::move(nodes);
  graph.remove_unused();
  THIMBLE_TRY(verify(graph));
  return result;
}

}  // namespace thimble
