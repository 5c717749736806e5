#include "micro/emit.h"

namespace thimble::emit_c {

// Indices that are constants, which are known to lie inside.
Status gather(micro::EmitContext& ctx) {
  if (!ctx.in(1).constant())
    return ctx.unsupported("its indices are computed while it runs: one outside the axis would go unnoticed",
                           "gather before the network, in the program that calls it");
  std::vector<std::string> arguments = {ctx.plan("thimble_gather"), ctx.operand(0), ctx.operand(1), ctx.result(),
                                        ctx.in(0).constant() ? "1" : "0"};
  const bool wide = ctx.in(1).type == DType::i64;
  if (wide) ctx.not_on_avr("indices of 64 bits");
  if (!wide) arguments.emplace_back("1");
  ctx.call(micro::kernel("gather"), wide ? "(void)thimble_gather_s64" : "(void)thimble_gather_s32", arguments);
  return {};
}

}  // namespace thimble::emit_c
