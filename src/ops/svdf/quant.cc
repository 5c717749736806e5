#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

// Weights alone; int8 activations need the range of the state, which only its operator sees.
QuantRule svdf(const Node&) { return {.integer = false, .hybrid = true, .weight_inputs = {1, 2}}; }

}  // namespace thimble::quant_rule
