// A float .tflite model as something to train: its weights become variables.
#pragma once

#include "train/model.h"

namespace thimble {

// Errors: unsupported where the input is an integer tensor.
Status check_float(const Graph& graph);
// Whether the node is one of those that import_model trains.
bool has_weights(const Graph& graph, const Node& node);

// spec.graph with another batch size, LSTM layers in their training form, float weights of dense, convolution,
// depthwise, LSTM and PReLU nodes turned into variables; with trainable_layers = N only the last N of these nodes are
// trained, with frozen_layers = N the first N stay constant. The final softmax, log_softmax or sigmoid is found so that
// the loss can be taken from its input. Errors: unsupported (a quantised model, an operator that mixes examples).
Result<Model> import_model(const ModelSpec& spec, const ModelOptions& options);

}  // namespace thimble
