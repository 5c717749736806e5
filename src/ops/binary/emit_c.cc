#include "micro/emit.h"

namespace thimble::emit_c {

Status binary(micro::EmitContext& ctx) { return ctx.usual("binary", 2, name(ctx.node.op)); }

}  // namespace thimble::emit_c
