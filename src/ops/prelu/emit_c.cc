#include "micro/emit.h"

namespace thimble::emit_c {

Status prelu(micro::EmitContext& ctx) { return ctx.usual("prelu", 2); }

}  // namespace thimble::emit_c
