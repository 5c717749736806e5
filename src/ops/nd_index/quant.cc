#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

// Sums of integers have other scales than what they are of.
QuantRule nd_index(const Node& node) {
  if (node.op == Op::gather_nd) return {.output = QuantRule::Output::same_as_input, .untouched_inputs = {1}};
  return {.integer = false};
}

}  // namespace thimble::quant_rule
