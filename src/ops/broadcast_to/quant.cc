#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

QuantRule broadcast_to(const Node& node) {
  if (node.op == Op::fill) return {.integer = false};
  return {.output = QuantRule::Output::same_as_input, .untouched_inputs = {1}};
}

}  // namespace thimble::quant_rule
