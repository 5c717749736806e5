#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

QuantRule softmax(const Node& node) {
  const bool log = node.op == Op::log_softmax;
  return {.output = QuantRule::Output::fixed,
          .fixed_scale = (log ? 16.0f : 1.0f) / 256,
          .fixed_zero_point = log ? 127 : -128,
          .fixed_wide_scale = log ? 0 : 1.0f / 32768};
}

}  // namespace thimble::quant_rule
