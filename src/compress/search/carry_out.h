// One plan of the search carried out: channels removed, weights to zero, to few values, and quantisation-aware
// training, one training after the other within a number of samples, each keeping what came before it. The model that
// is given teaches in each of them.
#pragma once

#include "compress/quantize/quantize.h"
#include "compress/retrain.h"
#include "compress/search/search.h"

namespace thimble {

// The integer model. `float_graph`: as retrain() takes it. `how.spec` is the training of the model from nothing
// (optimiser, its rate, batch, loss); stages take their part of `samples` in place of its epochs, and a rate that falls
// to 0. `form`: types of inputs and outputs, bits of scales and biases; the plan says the rest. `calibration`: as in
// quantize(). how.checkpoint, if any, gets ".STAGE" appended; those of finished stages stay until remove_checkpoints.
// Errors: interrupted, and those of shrink(), retrain() and quantize().
Result<Quantized> carry_out(const Graph& float_graph, const CompressionPlan& plan, int64_t samples,
                            const Retraining& how, const QuantizeOptions& form, const CalibrationSamples& calibration);

// The files that carry_out() has left.
void remove_checkpoints(const std::string& checkpoint);

}  // namespace thimble
