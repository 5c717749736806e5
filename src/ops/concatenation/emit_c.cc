#include "micro/emit.h"
#include "ops/concatenation/concatenation.h"

namespace thimble::emit_c {

// One call for each input.
Status concatenation(micro::EmitContext& ctx) {
  for (size_t i = 0; i < ctx.node.inputs.size(); ++i)
    if (needs_rescaling(ctx.in(i).type, ctx.in(i).quant, ctx.out().quant))
      return ctx.unsupported("no C for uint8 whose parts have scales of their own", "quantise the model to int8");
  const std::string plan = ctx.plan("thimble_concatenation");
  for (size_t i = 0; i < ctx.node.inputs.size(); ++i)
    ctx.call(micro::kernel("concatenation"), "thimble_concatenation_input",
             {plan, std::to_string(i), ctx.operand(i), ctx.result(), ctx.in(i).constant() ? "1" : "0"});
  return {};
}

}  // namespace thimble::emit_c
