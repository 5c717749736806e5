#include <algorithm>

#include "micro/weighted.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble::emit_c {

Status depthwise_conv2d(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  const auto& p = ctx.resolved.plan.as<thimble_depthwise_conv2d>();
  ctx.windows(p.h);
  micro::LayerFacts facts = micro::layer_facts(ctx, p.outputs, 1, p.outputs, p.x_zero);
  if (p.multiplier != 1 || !micro::make_plain(p.y, facts)) return ctx.usual("depthwise_conv2d", 3);
  const int64_t width = (p.w.out - 1) * p.w.stride + (p.w.kernel - 1) * p.w.dilation + 1;
  const int64_t lines = 8 * p.h.kernel * width + 16 * p.h.kernel * p.w.kernel;
  const int64_t strip = p.h.kernel == 3 && p.w.kernel == 3 ? std::max(lines, 32 * width) : lines;
  ctx.call("micro/kernels/depthwise_conv2d_fast.h", "thimble_depthwise_conv2d_fast_s8",
           {ctx.plan("thimble_depthwise_conv2d"), ctx.operand(0), ctx.operand(1), ctx.constant("bias", facts.folded),
            ctx.result(), ctx.scratch(strip)});
  return {};
}

}  // namespace thimble::emit_c
