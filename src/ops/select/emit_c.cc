#include "micro/emit.h"

namespace thimble::emit_c {

// Of any type that C has: elements are copied.
Status select(micro::EmitContext& ctx) {
  if (ctx.out().shape.elements() == 0) return ctx.unsupported("a result without elements", "leave it out");
  std::vector<std::string> arguments = {ctx.plan("thimble_select"), ctx.operand(0)};
  for (size_t i = 0; i < 3; ++i) {
    if (ctx.in(i).constant()) ctx.not_on_avr("a constant operand of " + std::string(name(ctx.node.op)));
    if (i > 0) arguments.push_back("(const uint8_t *)" + ctx.operand(i));
  }
  arguments.push_back("(uint8_t *)" + ctx.result());
  ctx.call(micro::kernel("select"), "thimble_select_elements", arguments);
  return {};
}

}  // namespace thimble::emit_c
