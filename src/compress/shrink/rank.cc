// How much each channel matters: by its filters, or by what it does on samples.
#include <algorithm>
#include <cmath>

#include "compress/shrink/shrink.h"
#include "data/batches.h"
#include "ops/operands.h"
#include "train/grad.h"
#include "train/import.h"
#include "train/training_graph.h"

namespace thimble {
namespace {

// Adds |values| (or values) of a constant along a slot's axis to the channels' sums, by element.
class Sums {
 public:
  Sums(const Graph& graph, const ChannelMap& map) {
    for (const ChannelGroup& g : map.groups) sums_.emplace_back(g.channels.size(), 0.0);
    where_.resize(graph.tensors.size());
    for (size_t g = 0; g < map.groups.size(); ++g)
      for (size_t c = 0; c < map.groups[g].channels.size(); ++c)
        for (const ChannelElement& e : map.groups[g].channels[c].elements) {
          auto& list = where_[static_cast<size_t>(e.tensor)];
          if (list.size() <= static_cast<size_t>(e.index)) list.resize(static_cast<size_t>(e.index) + 1);
          list[static_cast<size_t>(e.index)] = &sums_[g][c];
        }
  }

  // The channel's sum of entry k of a tensor's last axis.
  double& of(TensorId t, int64_t k) { return *where_[static_cast<size_t>(t)][static_cast<size_t>(k)]; }
  // Every element of a constant laid along `axis`, as f(index along the axis, position).
  template <class F>
  static void along(const Shape& shape, int axis, F f) {
    const int64_t inner = shape.elements(axis + 1, shape.rank()), length = shape[axis];
    for (int64_t i = 0; i < shape.elements(); ++i) f(i / inner % length, static_cast<size_t>(i));
  }
  // Per layer relative to its mean.
  void normalise() {
    for (std::vector<double>& group : sums_) {
      double total = 0;
      for (double v : group) total += v;
      if (total > 0)
        for (double& v : group) v *= static_cast<double>(group.size()) / total;
    }
  }
  std::vector<std::vector<double>> take() { return std::move(sums_); }

 private:
  std::vector<std::vector<double>> sums_;
  std::vector<std::vector<double*>> where_;  // tensor, entry -> its channel's sum
};

Result<ChannelScores> rank_by_constants(const Graph& graph, const ChannelMap& map, Ranking ranking) {
  Sums sums(graph, map);
  bool any = false;
  for (const ChannelSlot& slot : map.slots) {
    const Node& node = graph.nodes[static_cast<size_t>(slot.node)];
    if (slot.contracts || slot.input != 1) continue;
    const bool normalises = operands_of(node.op)->role(1) == Role::statistics;
    if (ranking == Ranking::l1 ? !layer_of(node) : !normalises) continue;
    const Tensor& w = graph.at(node.inputs[1]);
    if (w.type != DType::f32) continue;
    any = true;
    // Each layer of a group counts alike: its filters relative to their mean.
    double total = 0;
    for (const float v : w.data.as<float>()) total += std::fabs(v);
    const double unit = total > 0 ? static_cast<double>(w.shape[slot.axis]) / total : 0;
    Sums::along(w.shape, slot.axis,
                [&](int64_t k, size_t i) { sums.of(slot.tensor, k) += unit * std::fabs(w.data.as<float>()[i]); });
  }
  if (!any)
    return fail(ranking == Ranking::l1 ? ErrorCode::unsupported : ErrorCode::usage,
                ranking == Ranking::l1 ? "the model has no float32 weights to rank channels by"
                                       : "the model has no batch normalisation (files have it folded into weights)",
                ranking == Ranking::l1 ? "shrink the float model and quantise it afterwards" : "rank by l1 or taylor");
  sums.normalise();
  return sums.take();
}

// The model with a loss, run on batches of the training set.
class OnSamples {
 public:
  OnSamples(const Graph& graph, const ChannelMap& map, Ranking ranking, const Retraining& how, int64_t samples)
      : graph_(graph), map_(map), ranking_(ranking), how_(how), samples_(samples), sums_(graph, map) {}

  Result<ChannelScores> run() {
    if (!how_.train.valid() || how_.train.empty())
      return fail(ErrorCode::usage, format("ranking by {} needs samples", name(ranking_)), "give training data");
    THIMBLE_TRY(build());
    THIMBLE_ASSIGN(auto program, Program::plan(model_.graph, {.threads = how_.threads}));
    THIMBLE_ASSIGN(auto session, Session::create(std::move(program)));
    const Dataset set = how_.train.shuffled(1).limit(samples_);
    Batches batches(set, how_.feeding, {.batch = batch_, .seed = 1, .shuffle = false, .drop_last = true});
    if (batches.steps() < 1)
      return fail(ErrorCode::usage, format("{} samples are fewer than a batch of {}", set.size(), batch_),
                  "give more samples or a smaller batch");
    for (int64_t step = 0; step < batches.steps(); ++step) {
      auto* inputs = reinterpret_cast<float*>(session->input(0).data());
      const bool labelled = ranking_ != Ranking::activation;
      uint8_t* answers = labelled ? session->input(1).data() : nullptr;
      batches.fill(0, step, inputs, integer_labels_ ? reinterpret_cast<int32_t*>(answers) : nullptr,
                   integer_labels_ ? nullptr : reinterpret_cast<float*>(answers));
      THIMBLE_TRY(session->run());
      ranking_ == Ranking::taylor ? add_weights(*session) : add_activations(*session);
    }
    if (ranking_ == Ranking::activation) sums_.normalise();
    return sums_.take();
  }

 private:
  // Outputs of the built graph: for taylor the gradients of watched_ parameters, otherwise the watched_ activations,
  // then (activation_gradient) their gradients.
  Status build() {
    batch_ = std::clamp<int64_t>(how_.spec.batch, 1, std::min(samples_, how_.train.size()));
    ModelSpec spec;
    spec.graph = std::make_shared<const Graph>(graph_);
    THIMBLE_ASSIGN(model_, import_model(spec, {.batch = batch_}));
    if (ranking_ == Ranking::taylor) {
      watched_ = model_.parameters;
    } else {
      for (const ChannelGroup& group : map_.groups)
        for (NodeId n : group.producers) watched_.push_back(graph_.nodes[static_cast<size_t>(n)].outputs[0]);
      std::ranges::sort(watched_);
      watched_.erase(std::unique(watched_.begin(), watched_.end()), watched_.end());
    }
    std::vector<TensorId> outputs;
    if (ranking_ != Ranking::taylor) outputs = watched_;
    if (ranking_ != Ranking::activation) THIMBLE_TRY(add_gradients(&outputs));
    model_.graph.outputs = std::move(outputs);
    model_.graph.input_names.clear();
    model_.graph.output_names.clear();
    return {};
  }

  Status add_gradients(std::vector<TensorId>* outputs) {
    THIMBLE_ASSIGN(const LossPlan plan, plan_loss(how_.spec.loss, how_.spec.label_smoothing, model_, how_.train));
    integer_labels_ = plan.integer_labels();
    Builder b(model_.graph);
    if (plan.one_hot)
      return fail(ErrorCode::unsupported, "ranking by gradients with one-hot labels", "rank by l1 or activation");
    const int64_t width = std::max<int64_t>(how_.train.target_width(), 1);
    const TensorId target = integer_labels_ ? b.input("labels", DType::i32, Shape{batch_})
                                            : b.input("targets", DType::f32, Shape{batch_, width});
    TensorId predictions = kNoTensor;
    THIMBLE_ASSIGN(const TensorId loss, add_loss(b, model_, plan, target, &predictions));
    THIMBLE_ASSIGN(std::vector<TensorId> gradients, differentiate(b, loss, watched_));
    // What the loss does not depend on has no gradient and no importance.
    std::vector<TensorId> kept;
    for (size_t i = 0; i < watched_.size(); ++i)
      if (gradients[i] != kNoTensor) {
        kept.push_back(watched_[i]);
        gradients_.push_back(gradients[i]);
      }
    watched_ = std::move(kept);
    if (ranking_ != Ranking::taylor) *outputs = watched_;
    outputs->insert(outputs->end(), gradients_.begin(), gradients_.end());
    return {};
  }

  static std::span<const float> floats(Session& s, TensorId t) {
    const auto bytes = s.tensor(t);
    return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
  }

  // |Σ w·dL/dw| per channel, over its filters and biases together.
  void add_weights(Session& session) {
    Sums batch(graph_, map_);
    for (const ChannelSlot& slot : map_.slots) {
      const Node& node = graph_.nodes[static_cast<size_t>(slot.node)];
      if (slot.contracts || !layer_of(node)) continue;
      const TensorId w = node.inputs[static_cast<size_t>(slot.input)];
      const auto at = std::ranges::find(watched_, w);
      if (at == watched_.end()) continue;
      const auto gradient = floats(session, gradients_[static_cast<size_t>(at - watched_.begin())]);
      const auto values = graph_.at(w).data.as<float>();
      Sums::along(graph_.at(w).shape, slot.axis,
                  [&](int64_t k, size_t i) { batch.of(slot.tensor, k) += double(values[i]) * gradient[i]; });
    }
    add_absolute(batch.take());
  }

  // mean |a|, or |Σ a·dL/da| of each sample.
  void add_activations(Session& session) {
    for (size_t i = 0; i < watched_.size(); ++i) {
      const TensorId t = watched_[i];
      const auto values = floats(session, t);
      const Shape& shape = model_.graph.at(t).shape;
      const int64_t channels = shape.dim(-1), per_sample = shape.elements() / batch_;
      if (ranking_ == Ranking::activation) {
        for (int64_t k = 0; k < shape.elements(); ++k)
          sums_.of(t, k % channels) += std::fabs(values[static_cast<size_t>(k)]) / double(per_sample / channels);
        continue;
      }
      const auto gradient = floats(session, gradients_[i]);
      std::vector<double> sum(static_cast<size_t>(channels));
      for (int64_t s = 0; s < batch_; ++s) {
        std::ranges::fill(sum, 0);
        for (int64_t k = s * per_sample; k < (s + 1) * per_sample; ++k)
          sum[static_cast<size_t>(k % channels)] +=
              double(values[static_cast<size_t>(k)]) * gradient[static_cast<size_t>(k)];
        for (int64_t c = 0; c < channels; ++c) sums_.of(t, c) += std::fabs(sum[static_cast<size_t>(c)]);
      }
    }
  }

  void add_absolute(const std::vector<std::vector<double>>& batch) {
    for (size_t g = 0; g < batch.size(); ++g)
      for (size_t c = 0; c < batch[g].size(); ++c) {
        const ChannelElement& e = map_.groups[g].channels[c].elements[0];
        sums_.of(e.tensor, e.index) += std::fabs(batch[g][c]);
      }
  }

  const Graph& graph_;
  const ChannelMap& map_;
  const Ranking ranking_;
  const Retraining& how_;
  const int64_t samples_;
  Model model_;
  int64_t batch_ = 1;
  bool integer_labels_ = false;
  std::vector<TensorId> watched_, gradients_;
  Sums sums_;
};

}  // namespace

Result<ChannelScores> rank_channels(const Graph& graph, const ChannelMap& map, Ranking ranking, const Retraining* how,
                                    int64_t samples) {
  if (!needs_data(ranking)) return rank_by_constants(graph, map, ranking);
  if (!how) return fail(ErrorCode::usage, format("ranking by {} needs samples", name(ranking)), "give training data");
  return OnSamples(graph, map, ranking, *how, samples).run();
}

}  // namespace thimble
