#include "compress/qat/qat.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compress/calibrate/calibration_words.h"
#include "compress/qat/qat_model.h"
#include "compress/quantize/int8_answers.h"
#include "compress/quantize/params.h"
#include "graph/int4.h"
#include "ops/make.h"
#include "train/training_graph.h"

namespace thimble {
namespace {

// How often ranges are measured again that the training graph does not show, before they stand still.
constexpr int64_t kMeasurements = 8;
// Learned scales stay above this part of the first one.
constexpr float kSmallestFactor = 1e-3f;

template <class T>
void fill(std::span<uint8_t> memory, std::span<const T> values) {
  std::memcpy(memory.data(), values.data(), std::min(memory.size(), values.size_bytes()));
}

// An integer model of ours whose numbers are out of range (to a reader that is a bad file): its weights ran away.
tl::unexpected<Error> ran_away(Error error) {
  if (error.code != ErrorCode::bad_file) return tl::unexpected<Error>(std::move(error));
  return fail(ErrorCode::diverged,
              format("training diverged: the integer model cannot be built any more: {}", error.message),
              "lower the learning rate");
}

Result<QatModel::Built> learned(const QatModel& model, const Weights& weights, int64_t batch, QuantizeOptions::Io io) {
  auto built = model.build(weights, batch, io);
  if (!built) return ran_away(std::move(built).error());
  return built;
}

}  // namespace

struct Qat::Site {
  std::string name;                                                   // of q
  TensorId q = kNoTensor, scale = kNoTensor, zero_point = kNoTensor;  // inputs of the training graph
  TensorId source = kNoTensor;                                        // an activation of the inference graph
  std::vector<std::pair<size_t, size_t>> parts;                       // or a weight: its constants there
};

struct Qat::State {
  std::unique_ptr<QatModel> model;
  AnswerScale answers;  // taken out of the model given: training sees scaled targets
  std::vector<Site> sites;
  TensorId keep = kNoTensor;
  size_t own_parameters = 0, own_statistics = 0;  // of the model in training; what comes behind is of techniques
  std::vector<TensorId> learned;                  // parameters that are factors of scales
  std::map<std::string, TensorId> hidden;         // statistics that are measured beside the training
};

Qat::Qat() : state_(std::make_unique<State>()) {}
Qat::~Qat() = default;

Result<std::shared_ptr<Qat>> Qat::make(const Graph& float_graph, const QatOptions& options,
                                       const CalibrationSamples& samples) {
  if (options.quantize.to != QuantizeTo::int8)
    return fail(ErrorCode::usage,
                format("quantisation-aware training makes int8 models, not {}", name(options.quantize.to)));
  if (!(options.decay >= 0 && options.decay < 1) || !(options.freeze >= 0 && options.freeze <= 1))
    return fail(ErrorCode::usage,
                format("decay {} of ranges or freeze {} is not in [0, 1]", options.decay, options.freeze));
  std::shared_ptr<Qat> qat(new Qat);
  Graph network = float_graph;
  THIMBLE_ASSIGN(qat->state_->answers, take_answer_scale(network));
  auto model = QatModel::make(network, options, samples);
  if (!model) return with_context(std::move(model).error(), "quantisation-aware training");
  qat->state_->model = std::move(*model);
  return qat;
}

std::string Qat::describe() const {
  const QatOptions& o = state_->model->options();
  const QuantizeOptions& q = o.quantize;
  const auto width = [](int bits) {
    return bits == kTernaryBits ? std::string("three values") : format("{} bits", bits);
  };
  std::string text = format("quantisation-aware, weights of {}", width(q.bits));
  for (const auto& [layer, bits] : q.layer_bits) text += format(", {} of {}", layer, width(bits));
  for (size_t i = 0; i < q.layers.size(); ++i) text += (i == 0 ? "; only " : ", ") + q.layers[i];
  text += o.ranges == QatOptions::Ranges::learned
              ? std::string("; ranges learned")
              : format("; ranges as moving means (decay {}), fixed in the last {:.4g} % of the steps", o.decay,
                       100 * o.freeze);
  if (q.scale_bits < QuantizeOptions::kScaleBits) text += format("; scales of {} bits", q.scale_bits);
  if (q.bias_bits < QuantizeOptions::kBiasBits) text += format("; biases of {} bits", q.bias_bits);
  if (q.per_tensor_weights) text += "; one scale per weight tensor";
  return text + format("; calibrated ({})", describe_calibration(q));
}

// ---- the training graph ----

class Qat::Rewriter {
 public:
  Rewriter(State& state, Model& model)
      : state_(state),
        qat_(*state.model),
        learned_(qat_.options().ranges == QatOptions::Ranges::learned),
        model_(model),
        builder_(model.graph),
        stands_for_(model.graph.tensors.size(), kNoTensor),
        for_all_(model.graph.tensors.size(), 0) {}

  Status run() {
    batch_ = model_.graph.at(model_.graph.inputs[0]).shape[0];
    THIMBLE_ASSIGN(built_, qat_.build({}, batch_, QuantizeOptions::Io::float32));
    THIMBLE_ASSIGN(weights_, qat_.weights(model_, built_, batch_));
    THIMBLE_ASSIGN(const std::vector<QatActivation> computed, qat_.activations(model_, built_, batch_));
    for (const QatActivation& a : computed) activations_.emplace(a.tensor, a);
    if (weights_.empty() && activations_.empty())
      return fail(ErrorCode::usage, "no layer of this model has an int8 form",
                  "choose other layers, or train it as a float model");
    if (!learned_) state_.keep = input("qat/keep", DType::f32, Shape{1});
    const std::vector<Node> nodes = std::move(model_.graph.nodes);
    model_.graph.nodes.clear();
    for (TensorId t : std::vector<TensorId>(model_.graph.inputs)) THIMBLE_TRY(activation(t));
    for (size_t n = 0; n < nodes.size(); ++n) THIMBLE_TRY(node(n, nodes[n]));
    const auto outer = [&](TensorId& t) {
      if (t != kNoTensor && static_cast<size_t>(t) < for_all_.size() && for_all_[static_cast<size_t>(t)])
        t = stands_for_[static_cast<size_t>(t)];
    };
    std::ranges::for_each(model_.graph.outputs, outer);
    outer(model_.output);
    outer(model_.logits);
    for (const auto& [name, range] : qat_.hidden_ranges()) {
      if (learned_ && !range.inside_node) continue;
      state_.hidden[name] = statistic(name, range.values);
    }
    return {};
  }

 private:
  TensorId input(std::string name, DType type, const Shape& shape) {
    return builder_.input(std::move(name), type, shape);
  }
  TensorId statistic(const std::string& name, std::span<const float> values) {
    const TensorId t =
        builder_.variable(name, DType::f32, Shape{static_cast<int64_t>(values.size())}, Data::of(values));
    model_.statistics.push_back(t);
    return t;
  }
  // Factors of learned scales, 1 at first; tensors of one group share one.
  TensorId factors(const std::string& name, int64_t count) {
    const auto [it, fresh] = factors_.try_emplace(name, kNoTensor);
    if (fresh) {
      const std::vector<float> ones(static_cast<size_t>(count), 1.0f);
      it->second = builder_.variable(name, DType::f32, Shape{count}, Data::of(std::span<const float>(ones)));
      model_.parameters.push_back(it->second);
      state_.learned.push_back(it->second);
    }
    return it->second;
  }

  Status node(size_t n, Node node) {
    const bool integer = computes_in_int8(node);
    for (TensorId& t : node.inputs) {
      const auto i = static_cast<size_t>(t);
      if (t != kNoTensor && i < for_all_.size() && stands_for_[i] != kNoTensor && (for_all_[i] || integer))
        t = stands_for_[i];
    }
    for (const QatWeight& w : weights_)
      if (w.node == n) {
        THIMBLE_ASSIGN(node.inputs[w.input], weight(w, node.inputs[w.input]));
      }
    const std::vector<TensorId> outputs = node.outputs;
    model_.graph.nodes.push_back(std::move(node));
    for (TensorId t : outputs) THIMBLE_TRY(activation(t));
    return {};
  }

  bool computes_in_int8(const Node& node) const {
    for (TensorId t : node.outputs) {
      const auto it = activations_.find(t);
      if (it != activations_.end() && it->second.all_readers) return true;
    }
    return false;
  }

  Result<TensorId> weight(const QatWeight& w, TensorId x) {
    const std::string name = format("{}/qat{}", w.name, state_.sites.size());
    const Levels levels = weight_levels(w.bits);
    Site site{.name = name + "/q",
              .q = input(name + "/q", DType::i8, model_.graph.at(x).shape),
              .scale = input(name + "/scale", DType::f32, Shape{w.scales}),
              .parts = w.parts};
    const int32_t zero = 0;
    make::FakeQuantize operands{x, site.q, site.scale, builder_.constant_i32(name + "/zero_point", {&zero, 1})};
    FakeQuantizeAttrs attrs{.low = levels.low, .high = levels.high, .inner = w.inner, .clip = learned_};
    if (learned_) {
      const int64_t each = std::max<int64_t>(model_.graph.at(x).shape.elements() / w.scales, 1);
      attrs.gradient_scale = gradient_scale(each, levels.high);
      operands.learned = factors(QatModel::learned_name(w.name), w.scales);
    }
    state_.sites.push_back(std::move(site));
    return make::fake_quantize(builder_, operands, attrs, name);
  }

  Status activation(TensorId t) {
    const auto it = activations_.find(t);
    if (it == activations_.end()) return {};
    const QatActivation& a = it->second;
    const auto i = static_cast<size_t>(t);
    if (!a.watched) return {};  // its values are exact as they are
    const std::string base = model_.graph.at(t).name, name = base + "/qat";
    const Shape shape = model_.graph.at(t).shape;
    Site site{.name = name + "/q",
              .q = input(name + "/q", DType::i8, shape),
              .scale = input(name + "/scale", DType::f32, Shape{1}),
              .zero_point = input(name + "/zero_point", DType::i32, Shape{1}),
              .source = a.source};
    make::FakeQuantize operands{t, site.q, site.scale, site.zero_point};
    FakeQuantizeAttrs attrs{.inner = std::max<int64_t>(shape.elements(), 1)};
    const std::string owner = qat_.scale_owner(built_, a.source);
    if (learned_ && !owner.empty()) {
      attrs.gradient_scale = gradient_scale(std::max<int64_t>(shape.elements() / batch_, 1), 127);
      operands.learned = factors(QatModel::learned_name(owner), 1);
    } else if (!learned_ && !owner.empty()) {
      const ValueRange r = qat_.initial_range(base);
      const float values[] = {r.min, r.max};
      operands.range = statistic(QatModel::range_name(base), values);
      operands.keep = state_.keep;
    }
    state_.sites.push_back(std::move(site));
    THIMBLE_ASSIGN(stands_for_[i], make::fake_quantize(builder_, operands, attrs, name));
    for_all_[i] = a.all_readers;
    return {};
  }

  // Esser et al., section 2.2: 1 / √(N·Q).
  static float gradient_scale(int64_t elements, int high) {
    return static_cast<float>(1 / std::sqrt(static_cast<double>(elements) * high));
  }

  State& state_;
  const QatModel& qat_;
  const bool learned_;
  Model& model_;
  Builder builder_;
  QatModel::Built built_;
  std::vector<QatWeight> weights_;
  std::map<TensorId, QatActivation> activations_;
  std::map<std::string, TensorId> factors_;
  std::vector<TensorId> stands_for_;  // the quantised values of a tensor
  std::vector<char> for_all_;         // of which every reader sees those
  int64_t batch_ = 0;
};

Status Qat::rewrite(Model& model) {
  state_->sites.clear();
  state_->learned.clear();
  state_->hidden.clear();
  state_->own_parameters = model.parameters.size();
  state_->own_statistics = model.statistics.size();
  return Rewriter(*state_, model).run();
}

// ---- a training ----

Status Qat::begin(FitView& fit) {
  for (const Site& site : state_->sites)
    if (fit.graph.graph.at(site.q).name != site.name)
      return fail(ErrorCode::internal, "a technique has renumbered the tensors of the model in training");
  return {};
}

// Weights and what training keeps beside them, as they are now.
Weights Qat::current(FitView& fit) const {
  Weights weights;
  for (size_t i = 0; i < fit.parameters.size(); ++i) {
    const ParameterView& p = fit.parameters[i];
    auto& values = i < state_->own_parameters ? weights.parameters.emplace_back() : weights.added[p.name];
    values.assign(p.values.begin(), p.values.end());
  }
  for (size_t i = 0; i < fit.graph.statistics.size(); ++i) {
    const TensorId t = fit.graph.statistics[i];
    const auto bytes = fit.session.tensor(t);
    const auto* from = reinterpret_cast<const float*>(bytes.data());
    auto& values =
        i < state_->own_statistics ? weights.statistics.emplace_back() : weights.added[fit.graph.graph.at(t).name];
    values.assign(from, from + bytes.size() / sizeof(float));
  }
  return weights;
}

Status Qat::recalibrate(FitView& fit) {
  THIMBLE_ASSIGN(const auto measured, state_->model->measure_hidden(current(fit)));
  for (const auto& [name, t] : state_->hidden)
    if (const auto it = measured.find(name); it != measured.end())
      fill(fit.session.tensor(t), std::span<const float>(it->second.values));
  return {};
}

Status Qat::before_step(FitView& fit) {
  const QatOptions& o = state_->model->options();
  const auto frozen_from = static_cast<int64_t>(std::ceil((1 - o.freeze) * static_cast<double>(fit.steps)));
  const int64_t interval = std::max<int64_t>(fit.steps / kMeasurements, 1);
  if (!state_->hidden.empty() && fit.step > 0 && fit.step < frozen_from && fit.step % interval == 0)
    THIMBLE_TRY(recalibrate(fit));
  if (state_->keep != kNoTensor) {
    const float keep = fit.step >= frozen_from ? 1.0f : static_cast<float>(o.decay);
    fill(fit.session.tensor(state_->keep), std::span(&keep, 1));
  }

  // The integer graph with today's weights and ranges runs the batch.
  THIMBLE_ASSIGN(QatModel::Built built, learned(*state_->model, current(fit), fit.batch, QuantizeOptions::Io::float32));
  Graph& integer = built.made.result.graph;
  integer.outputs.clear();
  integer.output_names.clear();
  for (const Site& site : state_->sites)
    if (site.source != kNoTensor) integer.outputs.push_back(built.made.int8[static_cast<size_t>(site.source)]);
  const std::vector<TensorId> outputs = integer.outputs;
  std::vector<Tensor> constants;  // of weights, before the plan takes the graph
  for (const Site& site : state_->sites)
    for (const auto& part : site.parts) constants.push_back(integer.at(built.made.constants.at(part)));
  auto program = Program::plan(std::move(integer), {.threads = fit.session.program().threads()});
  if (!program) return ran_away(std::move(program).error());
  THIMBLE_ASSIGN(const auto session, Session::create(std::move(*program), fit.pool));
  const auto samples = fit.session.input(0);
  std::memcpy(session->input(0).data(), samples.data(), samples.size());
  THIMBLE_TRY(session->run());

  size_t next = 0, next_constant = 0;
  for (const Site& site : state_->sites) {
    const auto q = fit.session.tensor(site.q);
    if (site.source != kNoTensor) {
      const Quantization& quant = session->graph().at(outputs[next]).quant;
      fill(q, std::span<const uint8_t>(session->output(next++)));
      fill(fit.session.tensor(site.scale), std::span<const float>(quant.scale));
      fill(fit.session.tensor(site.zero_point), std::span<const int32_t>(quant.zero_point));
      continue;
    }
    size_t at = 0;
    std::vector<float> scales;
    for (size_t i = 0; i < site.parts.size(); ++i) {
      const Tensor& w = constants[next_constant++];
      const auto values = w.type == DType::i4
                              ? unpack_int4(w.data.as<uint8_t>(), w.shape.elements())
                              : std::vector<int8_t>(w.data.as<int8_t>().begin(), w.data.as<int8_t>().end());
      fill(q.subspan(at), std::span<const int8_t>(values));
      at += values.size();
      scales.insert(scales.end(), w.quant.scale.begin(), w.quant.scale.end());
    }
    fill(fit.session.tensor(site.scale), std::span<const float>(scales));
  }
  return {};
}

Status Qat::after_step(FitView& fit) {
  for (TensorId t : state_->learned) {
    const auto bytes = fit.session.tensor(t);
    auto* factors = reinterpret_cast<float*>(bytes.data());
    for (size_t i = 0; i < bytes.size() / sizeof(float); ++i) factors[i] = std::max(factors[i], kSmallestFactor);
  }
  return {};
}

// ---- what comes out ----

Result<std::optional<Graph>> Qat::inference_graph(const Weights& weights, int64_t batch) {
  THIMBLE_ASSIGN(QatModel::Built built, learned(*state_->model, weights, batch, state_->model->options().quantize.io));
  Graph graph = with_float_ends(std::move(built.made.result.graph));
  graph.remove_unused();
  if (Status sound = verify(graph); !sound) return ran_away(std::move(sound).error());
  return graph;
}

Result<Quantized> Qat::deployed(const Weights& weights) const {
  THIMBLE_ASSIGN(QatModel::Built built, learned(*state_->model, weights, 1, state_->model->options().quantize.io));
  Quantized result = std::move(built.made.result);
  result.graph.remove_unused();
  THIMBLE_TRY(compress::put_int8_answers(result.graph, state_->answers, state_->model->options().quantize.scale_bits));
  if (Status sound = verify(result.graph); !sound) return ran_away(std::move(sound).error());
  return result;
}

}  // namespace thimble
