// The table of quantisation rules, generated from ops.def.
#include "compress/quantize/quant_rule.h"

namespace thimble {

namespace quant_rule {
#define OP(id, types, family, packed) QuantRule family(const Node&);
#include "ops/ops.def"
}  // namespace quant_rule

const Cell<QuantRuleFn>& quant_rule_of(Op op) {
  static constexpr Cell<QuantRuleFn> table[] = {
#define OP(id, types, family, packed) THIMBLE_CELL(QuantRuleFn, "quant", id, quant_rule::family)
#include "ops/ops.def"
  };
  return table[index(op)];
}

}  // namespace thimble
