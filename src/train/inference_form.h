// The form that files carry of a model in training, and where its weights are there: what a training has learnt comes
// back by the tensors, not by their names.
#pragma once

#include "passes/lower_lstm.h"
#include "train/model.h"

namespace thimble {

struct InferenceForm {
  Graph graph;                      // variables of the model are constants, LSTM layers as in files
  std::vector<TensorId> now;        // per tensor of the model's graph: the one that stands for it here, or kNoTensor
  std::vector<LoweredLstm> layers;  // LSTMs: their outputs and weights by the model's ids, the rest by those here

  // Gives a parameter of the model, or the parts that it was split into, these values.
  void put(TensorId parameter, std::span<const float> values) { put(graph, parameter, values); }
  // The same in a copy of the graph.
  void put(Graph& copy, TensorId parameter, std::span<const float> values) const;
  // Follows what a pass has done to the graph.
  void follow(const Rewrite& rewrite);
};

// With the values that the model's variables begin with. Errors: those of lower_lstm.
Result<InferenceForm> inference_form(const Model& model);

}  // namespace thimble
