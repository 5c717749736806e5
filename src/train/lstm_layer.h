// The layer word `lstm`.
#pragma once

#include "train/layers.h"

namespace thimble {

// lstm = units: input [batch, time, features]; a picture [batch, height, width, 1] is read row by row.
// Kernel by `initializer`, recurrent weights orthogonal, the forget gate's bias 1, the others 0 (Keras).
Result<TensorId> lstm_layer(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name);

}  // namespace thimble
