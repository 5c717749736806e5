#include "micro/emit.h"

namespace thimble::emit_c {

Status fully_connected(micro::EmitContext& ctx) { return ctx.usual("fully_connected", 3); }

}  // namespace thimble::emit_c
