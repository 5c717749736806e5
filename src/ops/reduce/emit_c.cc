#include "micro/emit.h"

namespace thimble::emit_c {

Status reduce(micro::EmitContext& ctx) { return ctx.usual_bytes("reduce", name(ctx.node.op), 1); }

}  // namespace thimble::emit_c
