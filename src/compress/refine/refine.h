// What calibration samples can still improve in an int8 graph that has been built: which way weights are rounded, and
// the mean of every output channel. Layer by layer in the order of the graph, each with the inputs that the layers
// before it, already refined, really give. Private to the compress room.
//
//   Bias correction: quantised weights and inputs move the mean of an output channel. The mean error before the
//     activation, Σ_k ŵ[k]·mean(ŷ[k]) − Σ_k w[k]·mean(x[k]) over all samples and positions (ŵ, ŷ: integer network; w,
//     x: float network), is taken off the float bias, which is quantised again: the whole of it, half of it or nothing,
//     whichever brings the network's outputs on the samples nearest to the float network's (where an image is mostly
//     background, a right mean can be a wrong background). After Nagel et al. 2019 (see passes/equalize.h), section
//     4.2, with measured means.
//   Adaptive rounding: compress/refine/rounding.h. With bias correction both sides are taken about their means, which
//     the bias then sets right.
//
// Convolution, depthwise and dense layers; LSTMs stay as they are, as do weights that several nodes share. Weights of
// few distinct values (clusters) keep their rounding.
#pragma once

#include "compress/quantize/int8_plan.h"

namespace thimble::compress {

// Changes constants of `made` in place. `source` and `plan` are what it was built from.
Status refine_int8(const Graph& source, const QuantizeOptions& options, const Int8Layout& layout,
                   const CalibrationSamples& samples, int64_t sample_count, Int8Graph& made);

}  // namespace thimble::compress
