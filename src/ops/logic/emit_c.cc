#include "micro/emit.h"

namespace thimble::emit_c {

// Of bools.
Status logic(micro::EmitContext& ctx) {
  std::vector<std::string> arguments = {ctx.plan("thimble_logic")};
  for (size_t i = 0; i < ctx.node.inputs.size(); ++i) {
    if (ctx.in(i).constant()) ctx.not_on_avr("a constant operand of " + std::string(name(ctx.node.op)));
    arguments.push_back(ctx.operand(i));
  }
  arguments.push_back(ctx.result());
  ctx.call(micro::kernel("logic"), format("thimble_{}", name(ctx.node.op)), arguments);
  return {};
}

}  // namespace thimble::emit_c
