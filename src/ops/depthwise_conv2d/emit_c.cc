#include "micro/weighted.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble::emit_c {

Status depthwise_conv2d(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  const auto& p = ctx.resolved.plan.as<thimble_depthwise_conv2d>();
  ctx.windows(p.h);
  const bool fast = ctx.in(0).type == DType::i8 && ctx.in(1).type == DType::i8 && p.multiplier == 1 &&
                    micro::shifts_right(p.y, p.outputs);
  if (!fast) return ctx.usual("depthwise_conv2d", 3);
  ctx.call("micro/kernels/depthwise_conv2d_fast.h", "thimble_depthwise_conv2d_fast_s8",
           {ctx.plan("thimble_depthwise_conv2d"), ctx.operand(0), ctx.operand(1), ctx.operand(2), ctx.result()});
  return {};
}

}  // namespace thimble::emit_c
