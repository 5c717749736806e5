#include "compress/quant_rule.h"

namespace thimble::quant_rule {

QuantRule unidirectional_sequence_lstm(const Node&) {
  return {.integer = false, .hybrid = true};
}

}  // namespace thimble::quant_rule
