#include "train/training_graph.h"

#include <algorithm>

#include "ops/make.h"
#include "ops/optimizer/optimizer.h"
#include "train/class_weights.h"
#include "train/fuse_gradients.h"
#include "train/grad.h"

namespace thimble {

Result<TensorId> add_loss(Builder& b, const Model& model, const LossPlan& plan, TensorId target,
                          TensorId* predictions) {
  *predictions = model.output;
  const bool weighted = !plan.class_weights.empty();
  if (weighted && plan.attrs.kind == LossKind::binary_crossentropy) {
    if (model.logits == kNoTensor || model.last_activation != "sigmoid")
      return fail(ErrorCode::usage, "train.class_weight with binary_crossentropy needs a sigmoid as the last layer");
    return weighted_binary_loss(b, model.logits, target, plan);
  }
  LossAttrs attrs = plan.attrs;
  if (weighted) attrs.label_smoothing = 0;  // the rows are smoothed before they are weighted
  if (!plan.from_logits) return make::loss(b, model.output, target, attrs, "loss");
  THIMBLE_ASSIGN(const auto made, make::softmax_crossentropy(b, model.logits, target, attrs.label_smoothing, "loss"));
  *predictions = made.probabilities;
  return made.loss;
}

namespace {

// Limits on gradients, in Keras's order of precedence: per value, per gradient, all together.
Status clip(Builder& b, const OptimizerSpec& spec, std::vector<TensorId>& gradients) {
  const auto scaled = [&](TensorId g, TensorId factor) { return make::mul(b, g, factor, b.at(g).name + "/clipped"); };
  if (spec.clipvalue > 0) {
    const TensorId hi = b.scalar_f32(static_cast<float>(spec.clipvalue)),
                   lo = b.scalar_f32(static_cast<float>(-spec.clipvalue));
    for (TensorId& g : gradients) {
      THIMBLE_ASSIGN(const TensorId below, make::minimum(b, g, hi, b.at(g).name + "/min"));
      THIMBLE_ASSIGN(g, make::maximum(b, below, lo, b.at(below).name + "/max"));
    }
  } else if (spec.clipnorm > 0) {
    for (TensorId& g : gradients) {
      THIMBLE_ASSIGN(const TensorId factor,
                     b.op(Op::clip_scale, {g}, ClipAttrs{static_cast<float>(spec.clipnorm)}, b.at(g).name + "/clip"));
      THIMBLE_ASSIGN(g, scaled(g, factor));
    }
  } else if (spec.global_clipnorm > 0) {
    THIMBLE_ASSIGN(const TensorId factor,
                   b.op(Op::clip_scale, gradients, ClipAttrs{static_cast<float>(spec.global_clipnorm)}, "global_clip"));
    for (TensorId& g : gradients) {
      THIMBLE_ASSIGN(g, scaled(g, factor));
    }
  }
  return {};
}

// Removes the node that makes each of `gradients` where it is a dense layer's and nothing else reads it; the removed
// nodes, empty ones in other places.
std::vector<Node> take_dense_gradients(Graph& graph, std::span<const TensorId> gradients) {
  std::vector<Node> taken(gradients.size());
  const std::vector<int> uses = graph.use_counts();
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (uses[static_cast<size_t>(gradients[i])] != 0) continue;
    const auto made_by = std::ranges::find_if(graph.nodes, [&](const Node& n) {
      return n.op == Op::fully_connected_grad_weights && n.outputs[0] == gradients[i];
    });
    if (made_by == graph.nodes.end()) continue;
    taken[i] = std::move(*made_by);
    graph.nodes.erase(made_by);
  }
  return taken;
}

}  // namespace

Result<TrainingGraph> build_training_graph(const Model& model, const TrainSpec& spec, const LossPlan& loss,
                                           int64_t target_width, const Techniques& techniques) {
  TrainingGraph t;
  t.graph = model.graph;
  t.step = model.step;
  t.parameters = model.parameters;
  t.statistics = model.statistics;
  Builder b(t.graph);
  const int64_t batch = b.at(t.graph.inputs[0]).shape[0];
  const TensorId target = loss.integer_labels() ? b.input("labels", DType::i32, Shape{batch})
                                                : b.input("targets", DType::f32, Shape{batch, target_width});
  // Second, before the inputs that techniques have added and fill themselves.
  std::rotate(t.graph.inputs.begin() + 1, t.graph.inputs.end() - 1, t.graph.inputs.end());
  TensorId predictions = kNoTensor;
  THIMBLE_ASSIGN(TensorId loss_value, add_loss(b, model, loss, target, &predictions));
  for (const auto& technique : techniques) {
    THIMBLE_ASSIGN(loss_value, technique->extend_loss(b, model, loss_value));
  }
  THIMBLE_ASSIGN(std::vector<TensorId> all, differentiate(b, loss_value, model.parameters));
  std::vector<TensorId> keep{loss_value, predictions};
  for (TensorId gradient : all)
    if (gradient != kNoTensor) keep.push_back(gradient);
  t.graph.outputs = {loss_value, predictions};
  fuse_gradients(t.graph, keep);

  std::vector<TensorId> weights, gradients;
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i] != kNoTensor) {
      weights.push_back(model.parameters[i]);
      gradients.push_back(all[i]);
    }
  if (weights.empty()) return fail(ErrorCode::usage, "the model has no weights to train");
  THIMBLE_TRY(clip(b, spec.optimizer, gradients));

  // A dense layer's gradient that only its own update reads is not kept: update and gradient are one operator.
  std::vector<Node> dense(weights.size());
  if (spec.optimizer.clipnorm == 0 && spec.optimizer.clipvalue == 0 && spec.optimizer.global_clipnorm == 0)
    dense = take_dense_gradients(t.graph, gradients);

  t.hyper = b.variable("hyper", DType::f32, Shape{16});
  t.first_update_node = t.graph.nodes.size();
  const OptimizerSpec& o = spec.optimizer;
  const auto value = [&](const char* key, double otherwise) {
    const auto it = o.parameters.find(key);
    return it == o.parameters.end() ? otherwise : it->second;
  };
  const bool centered = value("centered", 0) != 0;
  const int states = optimizer_states(o.rule, value("momentum", 0) != 0, centered, value("amsgrad", 0) != 0);
  for (size_t i = 0; i < weights.size(); ++i) {
    const bool fused = !dense[i].outputs.empty();  // of dense[i]: x and dy
    std::vector<TensorId> inputs{weights[i], fused ? dense[i].inputs[0] : gradients[i], t.hyper};
    if (fused) inputs.push_back(dense[i].inputs[1]);
    for (int s = 0; s < states; ++s) {
      inputs.push_back(b.variable(format("{}/state{}", b.at(weights[i]).name, s), DType::f32, b.at(weights[i]).shape));
      const double initial = s == 0 ? value("initial_accumulator_value", 0) : 0;
      if (initial != 0) t.initial_states.emplace_back(inputs.back(), static_cast<float>(initial));
    }
    const bool plain = o.rule == UpdateRule::sgd && states == 0 && o.weight_decay == 0;
    THIMBLE_TRY(b.effect(fused ? Op::fully_connected_update : Op::optimizer_update, inputs,
                         OptimizerAttrs{static_cast<int>(o.rule), plain}, b.at(weights[i]).name + "/update"));
  }
  if (spec.average > 0)
    for (TensorId w : model.parameters) {
      t.averages.push_back(b.variable(b.at(w).name + "/average", DType::f32, b.at(w).shape, b.at(w).data));
      THIMBLE_TRY(b.effect(Op::average_update, {w, t.averages.back(), t.hyper}, {}, b.at(w).name + "/average"));
    }
  t.graph.input_names.clear();
  t.graph.output_names.clear();
  return t;
}

NamedWeights by_name(const TrainingGraph& training, Weights& weights) {
  NamedWeights named;
  const auto own = [&](const std::vector<TensorId>& ids, std::vector<std::vector<float>>& values) {
    for (size_t i = 0; i < std::min(ids.size(), values.size()); ++i)
      named.emplace(training.graph.at(ids[i]).name, &values[i]);
  };
  own(training.parameters, weights.parameters);
  own(training.statistics, weights.statistics);
  for (auto& [name, values] : weights.added) named.emplace(name, &values);
  return named;
}

}  // namespace thimble
