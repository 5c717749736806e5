#include "compress/qat/qat_model.h"

#include <algorithm>
#include <cmath>

#include "compress/quantize/params.h"
#include "ops/lstm/lstm.h"
#include "ops/pool2d/pool2d.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"
#include "passes/add_bias.h"
#include "passes/decompose.h"
#include "passes/lower_lstm.h"
#include "train/import.h"

namespace thimble {
namespace {

using compress::Int8Layout;
using compress::Operand;

std::map<std::string, TensorId> computed_by_name(const Graph& graph) {
  std::map<std::string, TensorId> ids;
  for (size_t t = 0; t < graph.tensors.size(); ++t)
    if (!graph.tensors[t].constant() && !graph.tensors[t].variable)
      ids.emplace(graph.tensors[t].name, static_cast<TensorId>(t));
  return ids;
}

// Nodes by the name of their first output; LSTMs by their own, which passes keep.
std::map<std::string, size_t> nodes_by_name(const Graph& graph) {
  std::map<std::string, size_t> ids;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const bool lstm = node.op == Op::unidirectional_sequence_lstm;
    if (lstm || !node.outputs.empty()) ids.emplace(lstm ? node.name : graph.at(node.outputs[0]).name, n);
  }
  return ids;
}

// Whether the node's float32 result of exact int8 values is exact too.
bool only_moves(const Node& node) {
  switch (node.op) {
    case Op::reshape:
    case Op::squeeze:
    case Op::expand_dims:
    case Op::transpose:
    case Op::slice:
    case Op::strided_slice: return true;
    case Op::max_pool: {
      const Activation a = node.attrs.as<Pool2dAttrs>().activation;
      return a == Activation::none || a == Activation::relu;
    }
    default: return false;
  }
}

}  // namespace

Result<std::unique_ptr<QatModel>> QatModel::make(const Graph& float_graph, const QatOptions& options,
                                                 const CalibrationSamples& samples) {
  std::unique_ptr<QatModel> model(new QatModel);
  model->options_ = options;
  model->samples_ = samples;
  model->spec_.graph = std::make_shared<const Graph>(float_graph);
  THIMBLE_ASSIGN(const Graph source, model->float_graph({}, 1));
  THIMBLE_TRY(compress::check_quantization(source, options.quantize));
  if (options.quantize.equalize || options.quantize.correct_bias ||
      options.quantize.rounding == QuantizeOptions::Rounding::adaptive)
    return fail(ErrorCode::usage, "equalisation, bias correction and adaptive rounding do not go with training",
                "quantisation-aware training finds weights and biases by itself");
  const Int8Layout layout = compress::lay_out_int8(source, options.quantize);
  THIMBLE_ASSIGN(const CalibratedRanges ranges,
                 compress::calibrate_int8(source, layout, options.quantize, model->samples_));
  for (size_t t = 0; t < source.tensors.size(); ++t)
    if (layout.used[t]) model->initial_.emplace(source.tensors[t].name, ranges.tensors[t]);
  for (size_t n = 0; n < source.nodes.size(); ++n)
    if (n < ranges.inner.size() && !ranges.inner[n].empty())
      model->inner_.emplace(source.nodes[n].name, ranges.inner[n]);
  model->hidden_ = model->hidden_of(source, layout, ranges);
  THIMBLE_ASSIGN(const Built first, model->build({}, 1, QuantizeOptions::Io::float32));
  for (const auto& [place, t] : first.made.constants) {
    const TensorId id = first.source.nodes[place.first].inputs[place.second];
    if (static_cast<int>(place.second) == first.layout.rules[place.first].weight_input)
      model->per_channel_.emplace(source.at(id).name, first.made.result.graph.at(t).quant.per_axis());
  }
  if (options.ranges == QatOptions::Ranges::learned) THIMBLE_TRY(model->find_learned(first));
  return model;
}

Result<const Model*> QatModel::model(int64_t batch) const {
  auto it = models_.find(batch);
  if (it == models_.end()) {
    THIMBLE_ASSIGN(Model made, import_model(spec_, {.batch = batch}));
    it = models_.emplace(batch, std::move(made)).first;
  }
  return &it->second;
}

Result<Graph> QatModel::float_graph(const Weights& weights, int64_t batch) const {
  THIMBLE_ASSIGN(const Model* model, this->model(batch));
  Graph graph = model->graph;
  for (TensorId t : model->parameters) {
    Tensor& tensor = graph.at(t);
    tensor.variable = false;
    const auto it = weights.find(tensor.name);
    if (it == weights.end()) continue;
    if (static_cast<int64_t>(it->second.size()) != tensor.shape.elements())
      return fail(ErrorCode::internal, format("{} weights for {}", it->second.size(), tensor.to_string()));
    // Integers have no NaN: the loss of a model of them stays finite, whatever became of its weights.
    if (!std::ranges::all_of(it->second, [](float v) { return std::isfinite(v); }))
      return fail(ErrorCode::diverged,
                  format("training diverged: {} holds a NaN or an infinity, the integer model cannot be built any more",
                         tensor.name),
                  "lower the learning rate");
    tensor.data = Data::of(std::span<const float>(it->second));
  }
  THIMBLE_TRY([&]() -> Status {
    THIMBLE_ASSIGN([[maybe_unused]] const int sequences, lower_lstm(graph));
    THIMBLE_ASSIGN([[maybe_unused]] const int rewritten, decompose(graph));
    return {};
  }());
  add_missing_biases(graph);
  return graph;
}

ValueRange QatModel::initial_range(const std::string& tensor) const {
  const auto it = initial_.find(tensor);
  return it == initial_.end() ? ValueRange{} : it->second;
}

// Ranges as training has them. A watched tensor has a statistic; one that only moves values adds nothing.
CalibratedRanges QatModel::ranges(const Graph& source, const Int8Layout& layout, const Weights& weights) const {
  const bool learned = options_.ranges == QatOptions::Ranges::learned;  // multiples of the first ones
  const bool trained =
      !learned && std::ranges::any_of(weights, [](const auto& w) { return w.first.ends_with("/range"); });
  CalibratedRanges ranges;
  ranges.tensors.resize(source.tensors.size());
  ranges.inner.resize(source.nodes.size());
  for (size_t t = 0; t < source.tensors.size(); ++t) {
    if (!layout.used[t]) continue;
    const std::string& name = source.tensors[t].name;
    const auto it = learned ? weights.end() : weights.find(range_name(name));
    if (it != weights.end() && it->second.size() == 2) {
      ranges.tensors[t] = {it->second[0], it->second[1]};
    } else if (!trained) {
      ranges.tensors[t] = initial_range(name);
    }
  }
  for (size_t n = 0; n < source.nodes.size(); ++n) {
    const std::string& name = source.nodes[n].name;
    if (const auto it = inner_.find(name); it != inner_.end()) ranges.inner[n] = it->second;
    if (const auto it = weights.find(inner_name(name)); it != weights.end())
      for (size_t i = 0; i < ranges.inner[n].size() && 2 * i + 1 < it->second.size(); ++i)
        ranges.inner[n][i] = {it->second[2 * i], it->second[2 * i + 1]};
  }
  return ranges;
}

std::map<std::string, std::vector<float>> QatModel::hidden_of(const Graph& source, const Int8Layout& layout,
                                                              const CalibratedRanges& ranges) const {
  std::map<std::string, std::vector<float>> hidden;
  const auto model = this->model(1);
  if (!model) return hidden;
  const auto visible = computed_by_name((*model)->graph);
  for (size_t t = 0; t < source.tensors.size(); ++t) {
    const Tensor& tensor = source.tensors[t];
    if (!layout.used[t] || tensor.constant() || visible.contains(tensor.name)) continue;
    hidden[range_name(tensor.name)] = {ranges.tensors[t].min, ranges.tensors[t].max};
  }
  for (size_t n = 0; n < source.nodes.size(); ++n)
    for (const ValueRange& r : ranges.inner[n]) {
      auto& values = hidden[inner_name(source.nodes[n].name)];
      values.insert(values.end(), {r.min, r.max});
    }
  return hidden;
}

Result<std::map<std::string, std::vector<float>>> QatModel::measure_hidden(const Weights& weights) const {
  THIMBLE_ASSIGN(const Graph source, float_graph(weights, 1));
  const Int8Layout layout = compress::lay_out_int8(source, options_.quantize);
  THIMBLE_ASSIGN(const CalibratedRanges ranges, compress::calibrate_int8(source, layout, options_.quantize, samples_));
  return hidden_of(source, layout, ranges);
}

// The first scales of the weights, which learned ones are multiples of.
Status QatModel::find_learned(const Built& built) {
  THIMBLE_ASSIGN(const Model* model, this->model(1));
  for (const QatWeight& w : weights(*model, built)) {
    size_t at = 0;
    for (const auto& part : w.parts) {
      const TensorId source = built.source.nodes[part.first].inputs[part.second];
      const auto& scale = built.made.result.graph.at(built.made.constants.at(part)).quant.scale;
      learned_.emplace(built.source.at(source).name, Factors{learned_name(w.name), at, scale});
      at += scale.size();
    }
  }
  return {};
}

void QatModel::apply_learned(const Graph& source, const Int8Layout& layout, const Weights& weights,
                             compress::Int8Plan& plan) const {
  for (size_t t = 0; t < source.tensors.size(); ++t) {
    if (!layout.used[t] || layout.fixed[t]) continue;
    const auto it = weights.find(learned_name(source.tensors[layout.group[t]].name));
    if (it != weights.end() && it->second.size() == 1) {
      float& scale = plan.quant[t].scale[0];
      scale = short_scale(scale * it->second[0], options_.quantize.scale_bits, false);
    }
  }
  for (size_t t = 0; t < source.tensors.size(); ++t) {
    const auto f = learned_.find(source.tensors[t].name);
    if (f == learned_.end() || !source.tensors[t].constant()) continue;
    const auto it = weights.find(f->second.parameter);
    if (it == weights.end() || it->second.size() < f->second.at + f->second.base.size()) continue;
    auto& scale = plan.weight_scales[static_cast<TensorId>(t)];
    for (size_t c = 0; c < f->second.base.size(); ++c)
      scale.push_back(f->second.base[c] * it->second[f->second.at + c]);
  }
}

Result<QatModel::Built> QatModel::build(const Weights& weights, int64_t batch, QuantizeOptions::Io io) const {
  Built built;
  THIMBLE_ASSIGN(built.source, float_graph(weights, batch));
  built.layout = compress::lay_out_int8(built.source, options_.quantize);
  compress::Int8Plan plan =
      compress::choose_int8(built.source, options_.quantize, built.layout, ranges(built.source, built.layout, weights));
  if (options_.ranges == QatOptions::Ranges::learned) apply_learned(built.source, built.layout, weights, plan);
  for (size_t n = 0; n < built.source.nodes.size(); ++n) {
    const int i = built.layout.rules[n].weight_input;
    if (i < 0 || i >= static_cast<int>(built.source.nodes[n].inputs.size())) continue;
    const TensorId id = built.source.nodes[n].inputs[static_cast<size_t>(i)];
    const auto it = id == kNoTensor ? per_channel_.end() : per_channel_.find(built.source.at(id).name);
    if (it != per_channel_.end()) plan.weight_axes[id] = it->second ? built.layout.rules[n].weight_axis : -1;
  }
  QuantizeOptions options = options_.quantize;
  options.io = io;
  THIMBLE_ASSIGN(built.made, compress::build_int8(built.source, options, std::move(plan)));
  return built;
}

std::string QatModel::scale_owner(const Built& built, TensorId source) const {
  const auto t = static_cast<size_t>(source);
  if (!built.layout.used[t] || built.layout.fixed[t]) return {};
  return built.source.tensors[built.layout.group[t]].name;
}

std::vector<QatWeight> QatModel::weights(const Model& model, const Built& built) const {
  using namespace sequence_lstm;
  std::vector<QatWeight> found;
  const auto nodes = nodes_by_name(built.source);
  for (size_t n = 0; n < model.graph.nodes.size(); ++n) {
    const Node& node = model.graph.nodes[n];
    if (node.outputs.empty()) continue;
    const bool lstm = node.op == Op::lstm;
    // As lower_lstm names its node.
    const bool sequences = lstm && node.attrs.as<LstmAttrs>().return_sequences;
    const auto it = nodes.find(!lstm       ? model.graph.at(node.outputs[0]).name
                               : sequences ? node.name
                                           : node.name + "/sequence");
    if (it == nodes.end() || !built.layout.integer(it->second)) continue;
    const size_t s = it->second;
    const auto add = [&](size_t input, size_t first, size_t parts) {
      QatWeight w{n, input, model.graph.at(node.inputs[input]).name, {}};
      w.bits = compress::bits_of(options_.quantize, built.source, built.source.nodes[s]);
      for (size_t i = 0; i < parts; ++i) w.parts.emplace_back(s, first + i);
      const Quantization& q = built.made.result.graph.at(built.made.constants.at(w.parts[0])).quant;
      const Shape& shape = model.graph.at(node.inputs[input]).shape;
      w.scales = parts > 1 ? static_cast<int64_t>(parts) : static_cast<int64_t>(q.scale.size());
      w.inner = parts > 1      ? shape.elements() / static_cast<int64_t>(parts)
                : q.per_axis() ? shape.elements(q.axis + 1, shape.rank())
                               : std::max<int64_t>(shape.elements(), 1);
      found.push_back(std::move(w));
    };
    if (lstm) {
      add(1, kInputWeights, kGates);
      add(2, kRecurrentWeights, kGates);
    } else if (const int i = built.layout.rules[s].weight_input; i >= 0) {
      add(static_cast<size_t>(i), static_cast<size_t>(i), 1);
    }
  }
  return found;
}

std::vector<QatActivation> QatModel::activations(const Model& model, const Built& built) const {
  std::vector<QatActivation> found;
  const auto names = computed_by_name(built.source);
  const auto producers = built.source.producers();
  std::vector<char> exact(model.graph.tensors.size(), 0);  // an integer reader sees the integers' values
  const auto add = [&](TensorId t, const Node* made_by) {
    const Tensor& tensor = model.graph.at(t);
    const auto it = names.find(tensor.name);
    if (tensor.type != DType::f32 || it == names.end()) return;
    const auto source = static_cast<size_t>(it->second);
    if (built.made.int8[source] == kNoTensor) return;
    const NodeId producer = producers[source];
    QatActivation a{t, it->second};
    a.all_readers = producer >= 0 && built.layout.integer(static_cast<size_t>(producer));
    a.watched = !(made_by && a.all_readers && only_moves(*made_by) && exact[static_cast<size_t>(made_by->inputs[0])]);
    exact[static_cast<size_t>(t)] = 1;
    found.push_back(a);
  };
  for (TensorId t : model.graph.inputs) add(t, nullptr);
  for (const Node& node : model.graph.nodes)
    for (TensorId t : node.outputs) add(t, &node);
  return found;
}

Graph with_float_ends(Graph graph) {
  std::vector<Node> first;
  const auto plain = [&](TensorId t) {
    const Tensor& tensor = graph.at(t);
    return graph.add({.name = tensor.name + "/float32", .shape = tensor.shape, .batch_unknown = tensor.batch_unknown});
  };
  for (TensorId& t : graph.inputs) {
    if (graph.at(t).type == DType::f32 || graph.at(t).quant.empty()) continue;
    const TensorId x = plain(t);
    first.push_back({.op = Op::quantize, .inputs = {x}, .outputs = {t}, .name = graph.at(t).name});
    t = x;
  }
  graph.nodes.insert(graph.nodes.begin(), first.begin(), first.end());
  for (TensorId& t : graph.outputs) {
    if (graph.at(t).type == DType::f32 || graph.at(t).quant.empty()) continue;
    const TensorId y = plain(t);
    graph.nodes.push_back({.op = Op::dequantize, .inputs = {t}, .outputs = {y}, .name = graph.at(y).name});
    t = y;
  }
  return graph;
}

}  // namespace thimble
