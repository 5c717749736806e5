#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

QuantRule fake_quant(const Node&) { return {.integer = false}; }

}  // namespace thimble::quant_rule
