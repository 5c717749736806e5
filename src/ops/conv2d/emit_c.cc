#include "micro/emit.h"

namespace thimble::emit_c {

Status conv2d(micro::EmitContext& ctx) { return ctx.usual("conv2d", 3); }

}  // namespace thimble::emit_c
