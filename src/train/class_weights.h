// Samples of some classes count more in the loss: rare classes are not drowned by frequent ones. As in Keras, a
// sample's loss is multiplied by its class's weight, and the mean is over samples. What is reported of validation has
// no weights.
#pragma once

#include "ops/builder.h"
#include "train/loss.h"

namespace thimble {

// Puts one weight per class of `data` into the plan, as spec.class_weights says: by name or number, those that are left
// out 1; "balanced" is samples / (classes · samples of the class). Nothing where the specification has none.
// Errors: usage (an unknown class, a regression, a loss that is not a cross-entropy).
Status add_class_weights(const TrainSpec& spec, const Dataset& data, LossPlan* plan);

// Weighted binary cross-entropy as graph operators: mean(weight · (softplus(−x)·t + softplus(x)·(1 − t))) over logits x
// and targets t of one output (0 or 1) or of one-hot rows.
Result<TensorId> weighted_binary_loss(Builder& b, TensorId logits, TensorId targets, const LossPlan& plan);

// One sample's target row for a weighted crossentropy: smoothed as the loss would, then times its weight.
void weighted_row(const LossPlan& plan, int32_t label, std::span<float> row);

}  // namespace thimble
