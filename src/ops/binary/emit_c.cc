#include "micro/emit.h"

namespace thimble::emit_c {

Status binary(micro::EmitContext& ctx) { return ctx.usual("binary", name(ctx.node.op), 2); }

}  // namespace thimble::emit_c
