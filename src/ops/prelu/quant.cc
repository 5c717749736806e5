#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

QuantRule prelu(const Node&) { return {.weight_input = 1, .weight_axis = -1}; }

}  // namespace thimble::quant_rule
