// `thimble quantize --qat`: a float model goes on learning while it computes in integers.
#pragma once

#include "app/training_material.h"
#include "compress/qat.h"

namespace thimble::app {

struct QatArguments {
  bool on = false, per_tensor = false;
  std::string bits, layers, layer_bits, ranges = "moving-average";
  int64_t scale_bits = QuantizeOptions::kScaleBits, bias_bits = QuantizeOptions::kBiasBits;
  RetrainArguments training{.technique = "qat", .epochs = 3, .batch = 64};
};

// Declares --bits, --layers, --layer-bits, --per-tensor, --scale-bits and --bias-bits, which int8 without training
// knows too, and the options of training.
void declare_weights(Options& options, QatArguments* a);
void declare_qat(Options& options, QatArguments* a);

// The words of the options as QuantizeOptions. Errors: usage.
Status parse_weights(const QatArguments& a, QuantizeOptions* options);
// Of --io: "float", "int8", "uint8".
QuantizeOptions::Io parse_io(std::string_view word);
// "8", "4", "ternary" …, and back. Errors: usage.
std::string bits_word(int bits);
Result<int> parse_bits(std::string_view word);

struct QatOutcome {
  Quantized result;
  std::vector<EpochRecord> epochs;
};
// What earlier compression left is kept: weights that are zero stay zero, equal ones equal. The state is saved in
// m.how.checkpoint and deleted at the end.
Result<QatOutcome> run_qat(const QatArguments& a, const QuantizeOptions& options, const Graph& graph, const Material& m,
                           const CalibrationSamples& samples, const Context& context);

}  // namespace thimble::app
