// Transfer learning: the layers of an imported model up to its last one with weights, and new layers behind them.
#pragma once

#include "ops/check.h"
#include "train/model.h"

namespace thimble {

// What stands before the last layer with weights (dense, convolution, LSTM: the last that the output depends on; a
// softmax and whatever else follows it goes too), or the part of the graph that makes the tensor called `cut`. Its one
// output is what that layer read. How the old answers were scaled leaves the metadata. Errors: usage (no such tensor,
// with the nearest name; nothing left to keep), unsupported (several inputs, a quantised model).
Result<Graph> without_head(const Graph& graph, const std::string& cut);

// Appends spec.new_head to an imported model: its output, activation, parameters and layers become those of the last
// new layer. Places that are 1×1 are flattened first.
Status add_new_head(const ModelSpec& spec, const ModelOptions& options, Model* model);

}  // namespace thimble
