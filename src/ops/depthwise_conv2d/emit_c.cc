#include "micro/emit.h"

namespace thimble::emit_c {

Status depthwise_conv2d(micro::EmitContext& ctx) { return ctx.usual("depthwise_conv2d", 3); }

}  // namespace thimble::emit_c
