#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

QuantRule conv2d(const Node&) { return {.weight_input = 1, .weight_axis = 0, .bias_input = 2, .hybrid = true}; }

}  // namespace thimble::quant_rule
