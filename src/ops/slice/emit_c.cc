#include "micro/emit.h"

namespace thimble::emit_c {

Status slice(micro::EmitContext& ctx) {
  ctx.call(micro::kernel("slice"), "thimble_slice_elements",
           {ctx.plan("thimble_slice"), ctx.operand(0), ctx.result(), ctx.in(0).constant() ? "1" : "0"});
  return {};
}

}  // namespace thimble::emit_c
