#include "micro/emit.h"
#include "micro/weighted.h"
#include "ops/transpose_conv/transpose_conv.h"

namespace thimble::emit_c {

Status transpose_conv(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  return ctx.usual("transpose_conv", 3);
}

}  // namespace thimble::emit_c
