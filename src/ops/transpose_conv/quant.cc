#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

QuantRule transpose_conv(const Node&) {
  return {.weight_input = 1, .weight_axis = 0, .bias_input = 2, .hybrid = true, .untouched_inputs = {3}};
}

}  // namespace thimble::quant_rule
