#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

QuantRule add_n(const Node&) { return {.integer = false}; }

}  // namespace thimble::quant_rule
