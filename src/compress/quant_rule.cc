// The table of quantisation rules, generated from ops.def.
#include "compress/quant_rule.h"

namespace thimble {

#define Y(fn) QuantRule fn(const Node&);
#define N(reason)
namespace quant_rule {
#define OP(id, types, infer, reference, lower, grad, quant, tflite) quant
#include "ops/ops.def"
#undef OP
}  // namespace quant_rule
#undef Y
#undef N

const Cell<QuantRuleFn>& quant_rule_of(Op op) {
#define Y(fn) \
  { &quant_rule::fn, nullptr }
#define N(reason) \
  { nullptr, reason }
  static constexpr Cell<QuantRuleFn> table[] = {
#define OP(id, types, infer, reference, lower, grad, quant, tflite) quant,
#include "ops/ops.def"
#undef OP
  };
#undef Y
#undef N
  return table[index(op)];
}

}  // namespace thimble
