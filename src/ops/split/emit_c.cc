#include "micro/emit.h"
#include "ops/split/split.h"

namespace thimble::emit_c {

// One call for each output.
Status split(micro::EmitContext& ctx) {
  const auto x = static_cast<size_t>(split_inputs(ctx.node.op).x);
  const std::string plan = ctx.plan("thimble_split");
  for (size_t i = 0; i < ctx.node.outputs.size(); ++i)
    ctx.call(micro::kernel("split"), "thimble_split_output",
             {plan, std::to_string(i), ctx.operand(x), ctx.result(i), ctx.in(x).constant() ? "1" : "0"});
  return {};
}

}  // namespace thimble::emit_c
