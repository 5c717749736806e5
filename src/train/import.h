// A float .tflite model as something to train: its weights become variables.
#pragma once

#include "train/model.h"

namespace thimble {

// spec.graph with another batch size, LSTM layers in their training form, float weights of dense, convolution,
// depthwise, LSTM and PReLU nodes turned into variables; with trainable_layers = N only the last N of these nodes are
// trained, the others stay constant. The final softmax, log_softmax or sigmoid is found so that the loss can be taken
// from its input. Errors: unsupported (a quantised model, an operator that mixes examples).
Result<Model> import_model(const ModelSpec& spec, const ModelOptions& options);

}  // namespace thimble
