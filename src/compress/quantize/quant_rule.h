// How an operator is quantised: one rule per operator, in src/ops/*/quant.cc.
#pragma once

#include "ops/column.h"

namespace thimble {

class ObserveContext;   // compress/quantize/custom_quant.h
class QuantizeContext;  // compress/quantize/custom_quant.h

struct QuantRule {
  // Where int8 full quantisation is possible at all.
  bool integer = true;
  // Weights: input index and the axis that gets a scale per channel (−1 axis: per tensor).
  int weight_input = -1;
  int weight_axis = -1;
  int bias_input = -1;  // int32, scale = input scale · weight scale[c]
  bool hybrid = false;  // float activations × int8 weights exist (dynamic range)
  // Activations: the output shares the first input's scale (pools, reshapes …), all inputs share
  // the output's (concatenation, maximum …), or the output is fixed (softmax …).
  enum class Output { free, same_as_input, inputs_same_as_output, fixed } output = Output::free;
  float fixed_scale = 0;
  int32_t fixed_zero_point = 0;
  float fixed_wide_scale = 1.0f / 32768;  // of int16, zero point 0; 0: there is none
  std::vector<int> untouched_inputs;      // shape, axes, paddings …: stay as they are

  // Operators with several weight matrices (LSTM): all of them, in place of weight_input. Dynamic
  // range takes all or none (one below min_elements keeps the whole operator in float).
  std::vector<int> weight_inputs;
  // Operators that the fields above cannot describe fill these; see compress/quantize/custom_quant.h.
  // `observe` sees the node's inputs before each calibration run of it and reports what it computes
  // inside; `quantize` then turns the node and its constants into their int8 form.
  Status (*observe)(ObserveContext&) = nullptr;
  Status (*quantize)(QuantizeContext&) = nullptr;
};

using QuantRuleFn = QuantRule (*)(const Node&);
const Cell<QuantRuleFn>& quant_rule_of(Op op);

}  // namespace thimble
