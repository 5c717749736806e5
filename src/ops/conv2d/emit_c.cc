#include "micro/weighted.h"
#include "ops/conv2d/conv2d.h"

namespace thimble::emit_c {

Status conv2d(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  const auto& p = ctx.resolved.plan.as<thimble_conv2d>();
  ctx.windows(p.h);
  const int64_t n = p.h.kernel * p.w.kernel * p.group_channels;
  if (ctx.in(0).type != DType::i8 || p.channels != p.group_channels) return ctx.usual("conv2d", 3);
  const micro::LayerFacts facts = micro::layer_facts(ctx, p.outputs, n, 1, p.x_zero);
  if (!facts.constant || !micro::shifts_right(p.y, p.outputs)) return ctx.usual("conv2d", 3);
  std::string bias = "NULL";
  if (ctx.has(2))
    bias = ctx.constant("bias", ctx.in(2).data.as<int32_t>(), facts.folded);
  else if (p.x_zero != 0)
    bias = ctx.constant("bias", std::vector<int32_t>(facts.folded.size()), facts.folded);
  ctx.call("micro/kernels/conv2d_fast.h", "thimble_conv2d_fast_s8",
           {ctx.plan("thimble_conv2d"), ctx.operand(0), ctx.operand(1), bias, ctx.result(), ctx.scratch(4 * n)});
  return {};
}

}  // namespace thimble::emit_c
