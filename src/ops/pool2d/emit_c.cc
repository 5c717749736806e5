#include "micro/emit.h"
#include "ops/pool2d/pool2d.h"

namespace thimble::emit_c {

Status pool2d(micro::EmitContext& ctx) {
  ctx.windows(ctx.resolved.plan.as<thimble_pool2d>().h);
  return ctx.usual("pool2d", name(ctx.node.op), 1);
}

}  // namespace thimble::emit_c
