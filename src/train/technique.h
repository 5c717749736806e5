// What a compression technique changes in a training: weights kept in a set (pruned, clustered), a forward pass
// that computes as the integer graph does, a teacher in the loss. The fit loop calls every technique at the same
// few points, in the order in which they are listed in TrainOptions; none of them knows the others.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/feeding.h"
#include "runtime/program.h"
#include "train/model.h"

namespace thimble {

struct TrainingGraph;

// One trainable tensor of a running fit: its values, and their average where one is kept (else empty).
struct ParameterView {
  TensorId tensor = kNoTensor;  // in the model, as techniques rewrite it, and in the training graph
  const std::string& name;
  const Shape& shape;
  std::span<float> values, average;
};

// A running fit as a technique sees it.
struct FitView {
  Session& session;            // of the training graph; inputs hold the batch once before_step is called
  const TrainingGraph& graph;  // names and places of everything in it
  std::span<const ParameterView> parameters;
  int64_t batch = 0;
  int64_t step = 0, steps = 0;       // optimisation steps done, and of the whole training
  std::shared_ptr<ThreadPool> pool;  // the session's, for sessions beside it; null on one thread
  const Feeding& feeding;            // how the data come: targets of regressions may be scaled
};

class Technique {
 public:
  virtual ~Technique() = default;

  // One line with every setting: a checkpoint goes on only with the same ones, and reports show it.
  virtual std::string describe() const = 0;

  // ---- while the training graph is built ----
  // Changes the forward graph (weights are variables, any batch) before it is differentiated. Graph inputs that it
  // adds are its own to fill; parameters and statistics that it adds are trained, saved and part of the weights.
  virtual Status rewrite(Model&) { return {}; }
  // Another loss than `loss` (a scalar), computed from it and the model's tensors.
  virtual Result<TensorId> extend_loss(Builder&, const Model&, TensorId loss) { return loss; }

  // ---- while it runs ----
  // Once, when weights have their first values (initial ones, or those of a checkpoint: then restore came before).
  virtual Status begin(FitView&) { return {}; }
  // The batch lies in the session's inputs; forward and backward come next.
  virtual Status before_step(FitView&) { return {}; }
  // The optimiser has changed the weights; `step` counts this step. Weights and averages may be changed here.
  virtual Status after_step(FitView&) { return {}; }

  // What begin cannot find again from the weights alone goes into checkpoints.
  virtual std::vector<uint8_t> save() const { return {}; }
  virtual Status restore(std::span<const uint8_t>) { return {}; }

  // The graph (batch `batch`) that validation runs in place of the float model with these weights: what would be
  // deployed. Input and output are float32. nullopt: the float model stands.
  virtual Result<std::optional<Graph>> inference_graph(const Weights&, [[maybe_unused]] int64_t batch) {
    return std::nullopt;
  }
};

using Techniques = std::vector<std::shared_ptr<Technique>>;

}  // namespace thimble
