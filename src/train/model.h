// Layers → Graph. One builder makes both the training form (weights are variables, dropout and
// batch statistics in, any batch size) and the inference form (weights are constants, batch 1).
#pragma once

#include "ops/builder.h"
#include "train/spec.h"

namespace thimble {

struct ModelOptions {
  int64_t batch = 1;
  bool training = false;  // dropout and batch statistics on, weights as variables
  uint64_t seed = 1;      // initial weights: a pure function of (seed, parameter number)
};

struct LayerInfo {
  std::string name, word;
  Shape output;
  int64_t parameters = 0;
  size_t first_node = 0, end_node = 0;  // of the graph: what the layer is made of
};

struct Model {
  Graph graph;                       // input 0 → output 0
  std::vector<TensorId> parameters;  // trainable variables, in layer order
  std::vector<TensorId> statistics;  // variables that training updates by itself (running means)
  TensorId step = kNoTensor;         // int32 [1] variable that counts steps: what dropout draws from; training only
  TensorId output = kNoTensor;       // the last tensor
  TensorId logits = kNoTensor;       // what the final softmax / log_softmax / sigmoid reads, if it is one
  std::string last_activation;       // "softmax", "log_softmax", "sigmoid" or ""
  std::vector<LayerInfo> layers;
  int64_t parameter_count = 0;
  bool imported = false;  // from a file, whose last layers the recipe does not name
};

// Errors name the layer, its input shape and what does not fit (a 3×3 window on 1×1 …).
Result<Model> build_model(const ModelSpec& spec, const ModelOptions& options);

// Values of a model's variables, in the order of Model::parameters and ::statistics: the same in every form of one
// model (in training or not, of any batch), so that what one has learnt is brought into another.
struct Weights {
  std::vector<std::vector<float>> parameters, statistics;
  std::map<std::string, std::vector<float>> added;  // what techniques have added, by the names that they gave it

  bool empty() const { return parameters.empty() && statistics.empty() && added.empty(); }
  friend bool operator==(const Weights&, const Weights&) = default;
};
// Some of them by the names of the variables.
using NamedWeights = std::map<std::string, std::vector<float>*>;
// The inference graph: dropout gone, variables of `model` replaced by these weights as constants.
Result<Graph> with_weights(Model model, const Weights& weights);
// The same, everything else as it is: what the model in training computes.
Result<Graph> with_constants(Model model, const Weights& weights);

}  // namespace thimble
