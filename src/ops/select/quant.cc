#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

QuantRule select(const Node&) { return {.output = QuantRule::Output::inputs_same_as_output, .untouched_inputs = {0}}; }

}  // namespace thimble::quant_rule
