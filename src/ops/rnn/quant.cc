#include "compress/quantize/quant_rule.h"

#include "ops/op.h"

namespace thimble::quant_rule {

// Weights alone: TensorFlow Lite has no integer form.
QuantRule rnn(const Node& node) {
  QuantRule rule{.integer = false, .hybrid = true, .weight_inputs = {1, 2}};
  if (node.op == Op::bidirectional_sequence_rnn) rule.weight_inputs = {1, 2, 5, 6, 10, 11};
  return rule;
}

}  // namespace thimble::quant_rule
