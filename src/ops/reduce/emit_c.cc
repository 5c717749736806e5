#include "micro/emit.h"

namespace thimble::emit_c {

Status reduce(micro::EmitContext& ctx) { return ctx.usual("reduce", 1, name(ctx.node.op)); }

}  // namespace thimble::emit_c
