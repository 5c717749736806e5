// The whole training step as one graph: forward, loss, backward, clipping, update.
#pragma once

#include "train/loss.h"
#include "train/model.h"
#include "train/technique.h"

namespace thimble {

struct TrainingGraph {
  Graph graph;  // inputs: samples, then labels (int32 [batch]) or targets (float32 [batch, width]), then what
                // techniques have added; outputs: loss, predictions
  TensorId step = kNoTensor;                               // variable int32 [1], when dropout is used
  TensorId hyper = kNoTensor;                              // variable float32 [16]
  std::vector<TensorId> parameters, statistics, averages;  // averages: empty or one per parameter
  std::vector<std::pair<TensorId, float>> initial_states;  // optimiser states that do not start at 0
  size_t first_update_node = 0;                            // nodes from here on only change variables
};

// Adds the loss that the plan says to the model's graph, a scalar; where the fused form is taken, predictions are its
// probabilities.
Result<TensorId> add_loss(Builder& b, const Model& model, const LossPlan& plan, TensorId target, TensorId* predictions);

Result<TrainingGraph> build_training_graph(const Model& model, const TrainSpec& spec, const LossPlan& loss,
                                           int64_t target_width, const Techniques& techniques = {});

// The values of the graph's parameters and statistics by their names.
NamedWeights by_name(const TrainingGraph& training, Weights& weights);

}  // namespace thimble
