#include "micro/emit.h"

namespace thimble::emit_c {

Status transpose(micro::EmitContext& ctx) {
  ctx.call(micro::kernel("transpose"), "thimble_transpose_elements",
           {ctx.plan("thimble_transpose"), ctx.operand(0), ctx.result(), ctx.in(0).constant() ? "1" : "0"});
  return {};
}

}  // namespace thimble::emit_c
