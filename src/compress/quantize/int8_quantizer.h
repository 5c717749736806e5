// One float graph as int8 graphs of several widths, prepared and calibrated once. What quantize() uses for int8, and
// what asks "and if this layer had 4 bits?".
#pragma once

#include "compress/quantize/int8_plan.h"
#include "train/answer_scale.h"

namespace thimble {

class Int8Quantizer {
 public:
  // As quantize() with these options; `samples` is kept and called again. Errors: those of quantize().
  static Result<Int8Quantizer> make(const Graph& float_graph, const QuantizeOptions& options,
                                    const CalibrationSamples& samples);

  // The result of quantize() with other bits; everything else as in make().
  Result<Quantized> quantize(int bits, const std::map<std::string, int>& layer_bits) const;
  Result<Quantized> quantize() const { return quantize(options_.bits, options_.layer_bits); }

  // The float graph that is quantised: constants folded, missing biases added, equalised where asked for.
  const Graph& source() const { return source_; }
  // The same, with the scale of its answers where that was taken out (compress/quantize/int8_answers.h).
  Result<Graph> float_model() const;
  const QuantizeOptions& options() const { return options_; }
  const CalibrationSamples& samples() const { return samples_; }

  // A layer that computes in int8 and has weights. Nodes of the same name count as one layer.
  struct Layer {
    std::string name;  // for QuantizeOptions::layer_bits
    Op op{};
    int64_t weights = 0;  // elements, biases left out
  };
  std::vector<Layer> layers() const;

 private:
  Int8Quantizer() = default;

  Graph source_;
  AnswerScale answers_;
  QuantizeOptions options_;
  CalibrationSamples samples_;
  compress::Int8Layout layout_;
  CalibratedRanges ranges_;
};

}  // namespace thimble
