// Post-training quantisation: a float graph becomes one that stores float16 weights, multiplies int8
// weights with activations quantised at run time (dynamic range), or computes in int8 throughout.
// The graph that comes out is what is written to a file and what runs, here and elsewhere.
#pragma once

#include <functional>
#include <map>

#include "compress/calibrate/observer.h"
#include "ops/check.h"

namespace thimble {

enum class QuantizeTo { float16, dynamic, int8, int16x8 };
const char* name(QuantizeTo to);  // "float16", "dynamic", "int8", "int16x8"
// Whether activations become integers, whose ranges are measured on samples.
constexpr bool calibrates(QuantizeTo to) { return to == QuantizeTo::int8 || to == QuantizeTo::int16x8; }

struct QuantizeOptions {
  QuantizeTo to = QuantizeTo::int8;
  int64_t min_elements = 1024;  // dynamic: smaller weight tensors stay float
  Calibration calibration = Calibration::minmax;
  double percentile = 99.99;
  // Types of the graph's inputs and outputs: int8 and uint8 of int8, int16 of int16x8.
  enum class Io { float32, int8, uint8, int16 } io = Io::float32;
  std::vector<std::string> layers;  // only these: names of nodes, or prefixes of them up to a "/"; empty: all
  // int8: bits of weights, of all layers and of some (named as in `layers`; the longest name that fits
  // counts). 3 to 8: ±(2^(bits − 1) − 1); 2: −2 … 1; kTernaryBits: −1 … 1. Activations keep 8.
  int bits = 8;
  std::map<std::string, int> layer_bits;
  bool per_tensor_weights = false;  // int8: one scale for a whole weight tensor, so that equal weights stay equal
  // int8, refined with the calibration samples (compress/refine/refine.h): biases that set the means of all outputs
  // right; weights rounded up or down for the least error of their layer's output instead of to the nearest.
  bool correct_bias = false;
  enum class Rounding { nearest, adaptive } rounding = Rounding::nearest;
  bool equalize = false;  // int8: weights are balanced between neighbouring layers first (passes/equalize.h)
  // int8: what makes a packed file of few weights smaller. Scales of weights and activations keep this many bits of
  // their mantissa (0: powers of two; not the fixed ones, as of softmax). The largest bias of a tensor keeps
  // bias_bits bits, its sign among them, and all its biases are multiples of one power of two. LSTMs keep their biases.
  int scale_bits = kScaleBits, bias_bits = kBiasBits;
  static constexpr int kScaleBits = 23, kBiasBits = 32;  // as they are
};
inline constexpr int kTernaryBits = 1;

// A constant that stays in float32, and why.
struct UnquantizedTensor {
  std::string name;
  int64_t bytes = 0;
  std::string why;
};

// A constant before and after; `why` says why it did not shrink, or not as far as its bits allow; empty
// where it did.
struct TensorSize {
  std::string name;
  int64_t before = 0, after = 0;
  DType type = DType::f32;  // after
  std::string why;
};

struct Quantized {
  Graph graph;
  std::vector<UnquantizedTensor> left;
  std::vector<TensorSize> sizes;
};

// Fills the model's float inputs (one after the other, in the order of the graph's inputs) with
// calibration sample i, preprocessed as for inference; false: there is no sample i. Called with
// i = 0, 1, …, and again from 0 where the calibration needs two passes.
using CalibrationSamples = std::function<bool(int64_t i, std::span<float> input)>;

// `float_graph` is ready to be written: no training parts, batch normalisation folded, operators that
// .tflite lacks decomposed. `samples` is needed for int8 only. Tensor names, the signature's names,
// metadata and unknown batch sizes are kept; an int8 tensor beside a float graph input or output of
// the same value is called "name/int8".
//   float16: weights as float16 with a DEQUANTIZE before their reader; tensors of at most 64 values
//     stay, since the additional operator would take more room.
//   dynamic: weights of operators with a hybrid form as symmetric int8, per channel.
//   int8: activations asymmetric int8 by calibration, weights symmetric per channel in ±127 (or fewer
//     levels), bias int32; operators without an int8 form stay float between DEQUANTIZE and QUANTIZE.
//     Weights of 4 bits are stored as int4 where other runtimes execute that; other widths as int8.
//   int16x8: as int8, but activations are symmetric int16 (zero point 0) and biases int64. Operators without such a
//     form in TensorFlow Lite stay float.
// Errors: usage (no samples, an unknown layer, NaN in an activation: named), unsupported (the model is
// quantised already, inputs that are not float32).
Result<Quantized> quantize(const Graph& float_graph, const QuantizeOptions& options,
                           const CalibrationSamples& samples = {});

}  // namespace thimble
