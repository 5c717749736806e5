// How much each layer minds having fewer bits: one integer model per layer and width, in which only this layer has that
// width, scored on validation samples, with the bytes that it saves.
#pragma once

#include <cmath>

#include "compress/quantize/int8_quantizer.h"

namespace thimble {

struct ModelScore {
  double accuracy = NAN;  // share of right answers, 0 to 1; NaN: the answers are no classes
  double loss = 0;        // lower is better: cross-entropy, mean squared error …
};

// Scores a model as it would be deployed (float, or int8 with the inputs that the options ask for). For choices it must
// look at validation samples only, never at a test set. Deterministic.
using ScoreModel = std::function<Result<ModelScore>(const Graph& graph)>;

// Where there are no answers to compare with: `loss` is the mean squared difference of all float outputs from those of
// `float_graph` on the samples, relative to their mean square; `accuracy` is NaN. Scored graphs have float inputs and
// outputs (QuantizeOptions::Io::float32).
ScoreModel output_error_score(const Graph& float_graph, const CalibrationSamples& samples);

struct SensitivityOptions {
  QuantizeOptions quantize;          // everything but the bits of layers; `bits` is the width of all other layers
  std::vector<int> widths{8, 4, 2};  // tried for each layer; that of `quantize.bits` costs nothing more
  std::function<void(int64_t done, int64_t total)> progress;  // models scored
  std::function<bool()> cancelled;
};

struct LayerSensitivity {
  std::string layer;  // a name for QuantizeOptions::layer_bits
  Op op{};
  int64_t weights = 0;  // elements
  int bits = 8;         // of this layer; all others have SensitivityOptions::quantize.bits
  ModelScore score;
  int64_t bytes = 0;  // of the whole packed file (.thim, without names)
};

struct SensitivityTable {
  ModelScore float_score;  // of the float graph
  ModelScore base;         // all layers at base_bits
  int base_bits = 8;       // quantize.bits
  int64_t base_bytes = 0;
  std::vector<LayerSensitivity> rows;  // layers in the order of the graph, each with its widths from wide to narrow

  int64_t bytes_saved(const LayerSensitivity& row) const { return base_bytes - row.bytes; }
  double loss_rise(const LayerSensitivity& row) const { return row.score.loss - base.loss; }
};

// Layers that compute in int8 and have weights: dense, convolution, depthwise, LSTM. Calibrates once; the same inputs
// give the same table. Errors: usage (no widths, a width that is none, no such layer), interrupted, those of quantize()
// and of `score`.
Result<SensitivityTable> layer_sensitivity(const Graph& float_graph, const CalibrationSamples& samples,
                                           const ScoreModel& score, const SensitivityOptions& options);
// The same on what has been calibrated already; options.quantize is not looked at.
Result<SensitivityTable> layer_sensitivity(const Int8Quantizer& quantizer, const ScoreModel& score,
                                           const SensitivityOptions& options);

}  // namespace thimble
