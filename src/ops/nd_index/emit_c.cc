#include "micro/emit.h"
#include "ops/op.h"

namespace thimble::emit_c {

// Indices that are constants, which are known to lie inside.
Status nd_index(micro::EmitContext& ctx) {
  if (ctx.node.op != Op::gather_nd)
    return ctx.unsupported("no C for sums at computed places", "leave them to the host");
  if (!ctx.in(1).constant() || ctx.in(1).type != DType::i32)
    return ctx.unsupported("its indices are not constants of 32 bits",
                           "gather before the network, in the program that calls it");
  ctx.call(micro::kernel("nd_index"), "thimble_gather_nd_s32",
           {ctx.plan("thimble_nd_index"), ctx.operand(0), ctx.operand(1), ctx.result(),
            ctx.in(0).constant() ? "1" : "0", "1"});
  return {};
}

}  // namespace thimble::emit_c
