#include "compress/quantize/quant_rule.h"
#include "ops/split/split.h"

namespace thimble::quant_rule {

// split's x is its second input.
QuantRule split(const Node& node) {
  QuantRule rule{.output = QuantRule::Output::same_as_input};
  if (node.op == Op::split) {
    rule.untouched_inputs = {0};
  } else if (node.op == Op::split_v) {
    rule.untouched_inputs = {1, 2};
  }
  return rule;
}

}  // namespace thimble::quant_rule
