#include "compress/quantize/quant_rule.h"
#include "ops/reduce/reduce.h"

namespace thimble::quant_rule {

QuantRule reduce(const Node& node) {
  if (node.op == Op::reduce_prod || node.op == Op::reduce_any || node.op == Op::reduce_all)
    return {.integer = false, .untouched_inputs = {1}};
  const bool extremum = node.op == Op::reduce_max || node.op == Op::reduce_min;
  QuantRule rule{.output = extremum ? QuantRule::Output::same_as_input : QuantRule::Output::free};
  rule.untouched_inputs = {1};
  return rule;
}

}  // namespace thimble::quant_rule
