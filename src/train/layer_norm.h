// The layer word `layer_norm`.
#pragma once

#include "train/layers.h"

namespace thimble {

// layer_norm = true: (x − mean) / √(variance + epsilon) · gamma + beta over the last axis of each position, as Keras
// does (Ba, Kiros and Hinton, "Layer Normalization", 2016). The same in training and inference, so it is built of
// MEAN, SQUARED_DIFFERENCE, RSQRT, SUB, MUL and ADD from the start; nothing is folded.
Result<TensorId> layer_norm(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name);

}  // namespace thimble
