// Decides what an int8 graph will look like before it is built: which nodes compute in int8, and which
// scale and zero point each activation gets. Private to the compress room.
#pragma once

#include <optional>

#include "compress/calibrate.h"
#include "compress/internal.h"

namespace thimble::compress {

struct Int8Plan {
  std::vector<QuantRule> rules;                // per node
  std::vector<std::string> why_float;          // per node; empty: it computes in int8
  std::vector<Quantization> quant;             // per tensor; empty where no int8 form is needed
  std::vector<std::vector<ValueRange>> inner;  // per node: ranges of values inside it

  bool integer(size_t node) const { return why_float[node].empty(); }
};

// What input i of a node is in its int8 form.
enum class Operand { absent, activation, weights, bias, untouched };
Operand operand(const Graph& graph, const Node& node, const QuantRule& rule, size_t i);

// Runs the calibration. Same-scale rules join tensors into groups that share one range: an input of a
// concatenation takes the range of all of them, unless its scale is fixed (softmax …), in which case the
// builder requantises it.
Result<Int8Plan> plan_int8(const Graph& graph, const QuantizeOptions& options, const CalibrationSamples& samples);

}  // namespace thimble::compress
