#include "compress/quant_rule.h"

namespace thimble::quant_rule {

QuantRule softmax(const Node&) {
  return {.output = QuantRule::Output::fixed, .fixed_scale = 1.0f / 256, .fixed_zero_point = -128};
}
QuantRule log_softmax(const Node&) {
  return {.output = QuantRule::Output::fixed, .fixed_scale = 16.0f / 256, .fixed_zero_point = 127};
}

}  // namespace thimble::quant_rule
