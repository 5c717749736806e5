#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

// Weights alone: TensorFlow Lite has no integer form.
QuantRule bidirectional_sequence_lstm(const Node&) {
  QuantRule rule{.integer = false, .hybrid = true};
  for (const int first : {1, 18})
    for (int i = 0; i < 16; ++i)
      if (i < 11 || i == 15) rule.weight_inputs.push_back(first + i);  // biases stay
  for (int i = 40; i < 48; ++i) rule.weight_inputs.push_back(i);
  return rule;
}

}  // namespace thimble::quant_rule
