// Decides what an int8 graph will look like before it is built: which nodes compute in int8, and which
// scale and zero point each activation gets. Private to the compress room.
#pragma once

#include <map>
#include <optional>

#include "compress/calibrate/calibrate.h"
#include "compress/quantize/internal.h"

namespace thimble::compress {

// What follows from the graph and the options alone. Same-scale rules join tensors into groups that share
// one range: an input of a concatenation takes the range of all of them, unless its scale is fixed
// (softmax …), in which case the builder requantises it.
struct Int8Layout {
  std::vector<QuantRule> rules;                      // per node
  std::vector<std::string> why_float;                // per node; empty: it computes in int8
  std::vector<char> used;                            // per tensor: it has an int8 form
  std::vector<size_t> group;                         // per tensor: the tensor that stands for its group
  std::vector<std::optional<Quantization>> fixed;    // per tensor: what a fixed output, or a view of one, has
  std::vector<std::pair<TensorId, TensorId>> widen;  // the first's range must hold the second's values

  bool integer(size_t node) const { return why_float[node].empty(); }
};

struct Int8Plan {
  std::vector<QuantRule> rules;
  std::vector<std::string> why_float;
  std::vector<Quantization> quant;                         // per tensor; empty where no int8 form is needed
  std::vector<size_t> group;                               // as in Int8Layout
  std::vector<char> fixed;                                 // per tensor: its scale is its operator's own
  std::vector<std::vector<ValueRange>> inner;              // per node: ranges of values inside it
  std::map<TensorId, std::vector<float>> weight_scales{};  // given ones, per constant; others follow from the weights
  std::map<TensorId, int> weight_axes{};                   // likewise: the axis of scales, −1 for a single one

  bool integer(size_t node) const { return why_float[node].empty(); }
};

// The int8 graph, and where the source's tensors are in it.
struct Int8Graph {
  Quantized result;
  std::vector<TensorId> int8;                               // per source tensor: its int8 form, or kNoTensor
  std::map<std::pair<size_t, size_t>, TensorId> constants;  // (node, input) of integer nodes: quantised weights, biases
};

// What input i of a node is in its int8 form.
enum class Operand { absent, activation, weights, bias, untouched };
Operand operand(const Graph& graph, const Node& node, const QuantRule& rule, size_t i);

Int8Layout lay_out_int8(const Graph& graph, const QuantizeOptions& options);
Result<CalibratedRanges> calibrate_int8(const Graph& graph, const Int8Layout& layout, const QuantizeOptions& options,
                                        const CalibrationSamples& samples);
// Scales and zero points from the ranges of the tensors that are not constants.
Int8Plan choose_int8(const Graph& graph, const QuantizeOptions& options, Int8Layout layout,
                     const CalibratedRanges& ranges);

// Every node, constant and conversion as the plan says. Nothing is left out: unused tensors are still there.
Result<Int8Graph> build_int8(const Graph& graph, const QuantizeOptions& options, Int8Plan plan);

}  // namespace thimble::compress
