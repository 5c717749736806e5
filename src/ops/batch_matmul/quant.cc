#include "compress/quantize/quant_rule.h"

namespace thimble::quant_rule {

// Both operands are activations, as TensorFlow's converter has them: a constant one gets a scale and zero point too.
QuantRule batch_matmul(const Node&) { return {}; }

}  // namespace thimble::quant_rule
