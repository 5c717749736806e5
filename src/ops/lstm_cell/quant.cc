#include "compress/quantize/quant_rule.h"
#include "ops/lstm_cell/lstm_cell.h"

namespace thimble::quant_rule {

// Weights of the full form alone.
QuantRule lstm_cell(const Node& node) {
  if (node.attrs.as<LstmCellAttrs>().basic) return {.integer = false};
  return {.integer = false, .hybrid = true, .weight_inputs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16}};
}

}  // namespace thimble::quant_rule
