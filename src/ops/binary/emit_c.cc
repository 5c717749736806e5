#include "micro/emit.h"
#include "ops/binary/binary.h"

namespace thimble::emit_c {

Status binary(micro::EmitContext& ctx) {
  const auto& p = ctx.resolved.plan.as<thimble_binary>();
  const bool one_run = p.broadcast.outer == 1 && p.broadcast.a_step == 1 && p.broadcast.b_step == 1;
  if (ctx.node.op != Op::add || ctx.in(0).type != DType::i8 || !one_run || p.a_constant || p.b_constant ||
      p.a_shift > 0 || p.b_shift > 0 || p.y_shift > -1 || p.a_shift < -31 || p.b_shift < -31 || p.y_shift < -31)
    return ctx.usual_bytes("binary", name(ctx.node.op), 2);
  ctx.call("micro/kernels/add_fast.h", "thimble_add_fast_s8",
           {ctx.plan("thimble_binary"), ctx.operand(0), ctx.operand(1), ctx.result()});
  return {};
}

}  // namespace thimble::emit_c
