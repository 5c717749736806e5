#include "micro/emit.h"

namespace thimble::emit_c {

Status rearrange(micro::EmitContext& ctx) {
  ctx.call(micro::kernel("rearrange"), "thimble_rearrange_elements",
           {ctx.plan("thimble_rearrange"), ctx.operand(0), ctx.result(), ctx.in(0).constant() ? "1" : "0"});
  return {};
}

}  // namespace thimble::emit_c
