#include "micro/emit.h"

namespace thimble::emit_c {

Status pool2d(micro::EmitContext& ctx) { return ctx.usual("pool2d", name(ctx.node.op), 1); }

}  // namespace thimble::emit_c
