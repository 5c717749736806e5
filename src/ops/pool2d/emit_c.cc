#include "micro/emit.h"
#include "ops/pool2d/pool2d.h"

namespace thimble::emit_c {

Status pool2d(micro::EmitContext& ctx) {
  ctx.windows(ctx.resolved.plan.as<thimble_pool2d>().h);
  if (ctx.in(0).type != DType::u8) return ctx.usual("pool2d", name(ctx.node.op), 1);
  ctx.call(micro::kernel("pool2d"), "thimble_pool2d_bytes",
           {ctx.plan("thimble_pool2d"), "(const int8_t *)" + ctx.operand(0), ctx.bytes_of(ctx.result()),
            ctx.node.op == Op::average_pool ? "1" : "0", "0x80"});
  return {};
}

}  // namespace thimble::emit_c
