#include "micro/emit.h"

namespace thimble::emit_c {

Status softmax(micro::EmitContext& ctx) { return ctx.usual("softmax", 1, name(ctx.node.op)); }

}  // namespace thimble::emit_c
