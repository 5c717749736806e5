#include "compress/qat/qat_model.h"

#include <algorithm>
#include <cmath>

#include "compress/quantize/params.h"
#include "ops/make.h"
#include "ops/operands.h"
#include "passes/add_bias.h"
#include "passes/decompose.h"
#include "train/import.h"

namespace thimble {
namespace {

using compress::Int8Layout;
using compress::Operand;

// Whether the graph computes a tensor, or is fed it.
bool computed(const Graph& graph, TensorId t) { return !graph.at(t).constant() && !graph.at(t).variable; }

// Whether the node's float32 result of exact int8 values is exact too.
bool only_moves(const Node& node) {
  const OperandRule* rule = operands_of(node.op);
  const Activation a = fused_activation(node);  // a clamp at 0, which int8 has, changes no value
  return rule && rule->moves && (a == Activation::none || a == Activation::relu);
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
  THIMBLE_ASSIGN(model->hidden_, model->hidden_of(source, layout, ranges));
  THIMBLE_ASSIGN(const Built first, model->build({}, 1, QuantizeOptions::Io::float32));
  for (const auto& [place, t] : first.made.constants) {
    const TensorId id = first.source.nodes[place.first].inputs[place.second];
    if (static_cast<int>(place.second) == first.layout.rules[place.first].weight_input)
      model->per_channel_.emplace(source.at(id).name, first.made.result.graph.at(t).quant.per_axis());
  }
  if (options.ranges == QatOptions::Ranges::learned) THIMBLE_TRY(model->find_learned(first));
  return model;
}

Result<const QatModel::Form*> QatModel::form(int64_t batch) const {
  auto it = forms_.find(batch);
  if (it == forms_.end()) {
    Form made;
    THIMBLE_ASSIGN(made.model, import_model(spec_, {.batch = batch}));
    THIMBLE_ASSIGN(made.inference, inference_form(made.model));
    THIMBLE_ASSIGN(const Rewrite rewrite, decompose(made.inference.graph));
    made.inference.follow(rewrite);
    add_missing_biases(made.inference.graph);
    it = forms_.emplace(batch, std::move(made)).first;
  }
  return &it->second;
}

Result<const QatModel::Form*> QatModel::form_of(const Model& model, int64_t batch) const {
  THIMBLE_ASSIGN(const Form* form, this->form(batch));
  const std::vector<Tensor>&own = form->model.graph.tensors, &other = model.graph.tensors;
  if (own.size() > other.size() ||
      !std::ranges::equal(own, std::span(other).first(own.size()), {}, &Tensor::name, &Tensor::name))
    return fail(ErrorCode::internal, "the model in training is not the one that the integer model was made of");
  return form;
}

Result<Graph> QatModel::float_graph(const Weights& weights, int64_t batch) const {
  THIMBLE_ASSIGN(const Form* form, this->form(batch));
  Graph graph = form->inference.graph;
  for (size_t i = 0; i < std::min(form->model.parameters.size(), weights.parameters.size()); ++i) {
    const TensorId t = form->model.parameters[i];
    const Tensor& tensor = form->model.graph.at(t);
    const std::vector<float>& values = weights.parameters[i];
    if (static_cast<int64_t>(values.size()) != tensor.shape.elements())
      return fail(ErrorCode::internal, format("{} weights for {}", values.size(), tensor.to_string()));
    // Integers have no NaN: the loss of a model of them stays finite, whatever became of its weights.
    if (!std::ranges::all_of(values, [](float v) { return std::isfinite(v); }))
      return fail(ErrorCode::diverged,
                  format("training diverged: {} holds a NaN or an infinity, the integer model cannot be built any more",
                         tensor.name),
                  "lower the learning rate");
    form->inference.put(graph, t, values);
  }
  return graph;
}

ValueRange QatModel::initial_range(const std::string& tensor) const {
  const auto it = initial_.find(tensor);
  return it == initial_.end() ? ValueRange{} : it->second;
}

// Ranges as training has them. A watched tensor has a statistic; one that only moves values adds nothing.
CalibratedRanges QatModel::ranges(const Graph& source, const Int8Layout& layout, const Weights& weights) const {
  const bool learned = options_.ranges == QatOptions::Ranges::learned;  // multiples of the first ones
  const bool trained = !learned && !weights.added.empty();
  CalibratedRanges ranges;
  ranges.tensors.resize(source.tensors.size());
  ranges.inner.resize(source.nodes.size());
  for (size_t t = 0; t < source.tensors.size(); ++t) {
    if (!layout.used[t]) continue;
    const std::string& name = source.tensors[t].name;
    const auto it = learned ? weights.added.end() : weights.added.find(range_name(name));
    if (it != weights.added.end() && it->second.size() == 2) {
      ranges.tensors[t] = {it->second[0], it->second[1]};
    } else if (!trained) {
      ranges.tensors[t] = initial_range(name);
    }
  }
  for (size_t n = 0; n < source.nodes.size(); ++n) {
    const std::string& name = source.nodes[n].name;
    if (const auto it = inner_.find(name); it != inner_.end()) ranges.inner[n] = it->second;
    if (const auto it = weights.added.find(inner_name(name)); it != weights.added.end())
      for (size_t i = 0; i < ranges.inner[n].size() && 2 * i + 1 < it->second.size(); ++i)
        ranges.inner[n][i] = {it->second[2 * i], it->second[2 * i + 1]};
  }
  return ranges;
}

Result<QatModel::HiddenRanges> QatModel::hidden_of(const Graph& source, const Int8Layout& layout,
                                                   const CalibratedRanges& ranges) const {
  THIMBLE_ASSIGN(const Form* form, this->form(1));
  std::vector<char> visible(source.tensors.size(), 0);
  for (size_t t = 0; t < form->model.graph.tensors.size(); ++t)
    if (const TensorId now = form->inference.now[t];
        now != kNoTensor && computed(form->model.graph, static_cast<TensorId>(t)))
      visible[static_cast<size_t>(now)] = 1;
  HiddenRanges hidden;
  for (size_t t = 0; t < source.tensors.size(); ++t) {
    const Tensor& tensor = source.tensors[t];
    if (!layout.used[t] || tensor.constant() || visible[t]) continue;
    hidden[range_name(tensor.name)] = {.values = {ranges.tensors[t].min, ranges.tensors[t].max}};
  }
  for (size_t n = 0; n < source.nodes.size(); ++n)
    for (const ValueRange& r : ranges.inner[n]) {
      HiddenRange& inner = hidden[inner_name(source.nodes[n].name)];
      inner.inside_node = true;
      inner.values.insert(inner.values.end(), {r.min, r.max});
    }
  return hidden;
}

Result<QatModel::HiddenRanges> QatModel::measure_hidden(const Weights& weights) const {
  THIMBLE_ASSIGN(const Graph source, float_graph(weights, 1));
  const Int8Layout layout = compress::lay_out_int8(source, options_.quantize);
  THIMBLE_ASSIGN(const CalibratedRanges ranges, compress::calibrate_int8(source, layout, options_.quantize, samples_));
  return hidden_of(source, layout, ranges);
}

// The first scales of the weights, which learned ones are multiples of.
Status QatModel::find_learned(const Built& built) {
  THIMBLE_ASSIGN(const Form* form, this->form(1));
  THIMBLE_ASSIGN(const std::vector<QatWeight> scaled, weights(form->model, built, 1));
  for (const QatWeight& w : scaled) {
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
    const auto it = weights.added.find(learned_name(source.tensors[layout.group[t]].name));
    if (it != weights.added.end() && it->second.size() == 1) {
      float& scale = plan.quant[t].scale[0];
      scale = short_scale(scale * it->second[0], options_.quantize.scale_bits, false);
    }
  }
  for (size_t t = 0; t < source.tensors.size(); ++t) {
    const auto f = learned_.find(source.tensors[t].name);
    if (f == learned_.end() || !source.tensors[t].constant()) continue;
    const auto it = weights.added.find(f->second.parameter);
    if (it == weights.added.end() || it->second.size() < f->second.at + f->second.base.size()) continue;
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

Result<std::vector<QatWeight>> QatModel::weights(const Model& model, const Built& built, int64_t batch) const {
  THIMBLE_ASSIGN(const Form* form, form_of(model, batch));
  const InferenceForm& inference = form->inference;
  const auto producers = built.source.producers();
  std::vector<QatWeight> found;
  for (size_t n = 0; n < model.graph.nodes.size(); ++n) {
    const Node& node = model.graph.nodes[n];
    if (node.outputs.empty()) continue;
    const auto lstm = std::ranges::find(inference.layers, node.outputs[0], &LoweredLstm::output);
    const bool split = lstm != inference.layers.end();
    const TensorId y = split ? lstm->sequence : inference.now[static_cast<size_t>(node.outputs[0])];
    const NodeId made_by = y == kNoTensor ? -1 : producers[static_cast<size_t>(y)];
    if (made_by < 0 || !built.layout.integer(static_cast<size_t>(made_by))) continue;
    const auto s = static_cast<size_t>(made_by);
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
    if (split) {
      for (const LstmGates& operand : lstm->operands)
        if (operands_of(node.op)->role(operand.input) == Role::weights)
          add(operand.input, operand.first_gate, operand.gates.size());
    } else if (const int i = built.layout.rules[s].weight_input; i >= 0) {
      add(static_cast<size_t>(i), static_cast<size_t>(i), 1);
    }
  }
  return found;
}

Result<std::vector<QatActivation>> QatModel::activations(const Model& model, const Built& built, int64_t batch) const {
  THIMBLE_ASSIGN(const Form* form, form_of(model, batch));
  std::vector<QatActivation> found;
  const auto producers = built.source.producers();
  std::vector<char> exact(model.graph.tensors.size(), 0);  // an integer reader sees the integers' values
  const auto add = [&](TensorId t, const Node* made_by) {
    const TensorId now =
        static_cast<size_t>(t) < form->inference.now.size() ? form->inference.now[static_cast<size_t>(t)] : kNoTensor;
    if (now == kNoTensor || model.graph.at(t).type != DType::f32 || !computed(built.source, now)) return;
    const auto source = static_cast<size_t>(now);
    if (built.made.int8[source] == kNoTensor) return;
    const NodeId producer = producers[source];
    QatActivation a{t, now};
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
    first.push_back(make::conversion(graph, x, t));
    t = x;
  }
  graph.nodes.insert(graph.nodes.begin(), first.begin(), first.end());
  for (TensorId& t : graph.outputs) {
    if (graph.at(t).type == DType::f32 || graph.at(t).quant.empty()) continue;
    const TensorId y = plain(t);
    graph.nodes.push_back(make::conversion(graph, t, y));
    t = y;
  }
  return graph;
}

}  // namespace thimble
