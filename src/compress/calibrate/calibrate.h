// Runs a float graph on samples and watches the values of its tensors.
#pragma once

#include "compress/quantize/quant_rule.h"
#include "compress/quantize/quantize.h"

namespace thimble {

struct CalibrationRequest {
  std::vector<char> watch;              // per tensor of the graph
  std::vector<const QuantRule*> rules;  // per node; those with `observe` are asked for inner values
};

struct CalibratedRanges {
  std::vector<ValueRange> tensors;             // per tensor; {0, 0} where it was not watched
  std::vector<std::vector<ValueRange>> inner;  // per node: of ObserveContext::inner
  int64_t samples = 0;
};

// Variables (states) start from their initial values at every sample. Errors: usage (no samples; a NaN
// or an infinity in a watched tensor, which is named), unsupported (an input that is not float32).
Result<CalibratedRanges> calibrate(const Graph& graph, const CalibrationRequest& request,
                                   const QuantizeOptions& options, const CalibrationSamples& samples);

}  // namespace thimble
