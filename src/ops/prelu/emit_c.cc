#include "micro/emit.h"

namespace thimble::emit_c {

Status prelu(micro::EmitContext& ctx) { return ctx.usual_bytes("prelu", "prelu", 2); }

}  // namespace thimble::emit_c
