#include "micro/emit.h"

namespace thimble::emit_c {

Status softmax(micro::EmitContext& ctx) { return ctx.usual_bytes("softmax", name(ctx.node.op), 1); }

}  // namespace thimble::emit_c
