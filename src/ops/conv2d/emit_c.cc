#include "micro/weighted.h"
#include "ops/conv2d/conv2d.h"

namespace thimble::emit_c {

Status conv2d(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  const auto& p = ctx.resolved.plan.as<thimble_conv2d>();
  ctx.windows(p.h);
  const int64_t n = p.h.kernel * p.w.kernel * p.group_channels;
  micro::LayerFacts facts = micro::layer_facts(ctx, p.outputs, n, 1, p.x_zero);
  if (p.channels != p.group_channels || !micro::make_plain(p.y, facts)) return ctx.usual("conv2d", 3);
  const auto w = micro::paired_weights(ctx.in(1).data.as<int8_t>(), p.outputs, n);
  if (p.outputs % 2 != 0) facts.folded.push_back(0);  // of the row that fills up
  ctx.call("micro/kernels/conv2d_fast.h", "thimble_conv2d_fast_s8",
           {ctx.plan("thimble_conv2d"), ctx.operand(0), ctx.packed("weights", w, ctx.in(1).data.as<int8_t>()),
            ctx.constant("bias", facts.folded), ctx.result(), ctx.scratch(7 * (n + 1))});
  return {};
}

}  // namespace thimble::emit_c
