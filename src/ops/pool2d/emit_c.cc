#include "micro/emit.h"

namespace thimble::emit_c {

Status pool2d(micro::EmitContext& ctx) { return ctx.usual("pool2d", 1, name(ctx.node.op)); }

}  // namespace thimble::emit_c
