#include "micro/emit.h"

namespace thimble::emit_c {

Status softmax(micro::EmitContext& ctx) {
  if (ctx.in(0).type != DType::i8 || ctx.out().type != DType::i16)
    return ctx.usual_bytes("softmax", name(ctx.node.op), 1);
  ctx.call(micro::kernel("softmax"), "thimble_softmax_s8_s16",
           {ctx.plan("thimble_softmax"), ctx.operand(0), ctx.result()});
  return {};
}

}  // namespace thimble::emit_c
