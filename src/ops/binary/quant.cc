#include "compress/quantize/quant_rule.h"
#include "ops/binary/binary.h"

namespace thimble::quant_rule {

QuantRule binary(const Node& node) {
  switch (node.op) {
    case Op::div: return {.integer = false};
    case Op::maximum:
    case Op::minimum: return {.output = QuantRule::Output::inputs_same_as_output};
    default: return {};
  }
}

}  // namespace thimble::quant_rule
