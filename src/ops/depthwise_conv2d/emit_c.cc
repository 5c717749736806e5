#include <algorithm>

#include "micro/weighted.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble::emit_c {
namespace {

constexpr int64_t kLeastSaved = 256;  // weights are few, and the kernel is large

}  // namespace

Status depthwise_conv2d(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  const auto& p = ctx.resolved.plan.as<thimble_depthwise_conv2d>();
  ctx.windows(p.h);
  if (ctx.in(0).type == DType::u8) return micro::emit_u8(ctx, "depthwise_conv2d");
  micro::LayerFacts facts = micro::layer_facts(ctx, p.outputs, 1, p.outputs, p.x_zero);
  if (p.multiplier != 1 || !micro::make_plain(p.y, facts)) return ctx.usual("depthwise_conv2d", 3);
  const int64_t width = (p.w.out - 1) * p.w.stride + (p.w.kernel - 1) * p.w.dilation + 1;
  const int64_t taps = p.h.kernel * p.w.kernel, lines = 8 * p.h.kernel * width + 16 * taps;
  const int64_t strip = p.h.kernel == 3 && p.w.kernel == 3 ? std::max(lines, 32 * width) : lines;
  const auto w = ctx.in(1).data.as<int8_t>();
  std::vector<int8_t> by_channel(w.size());  // rows of the forms
  for (size_t i = 0; i < w.size(); ++i)
    by_channel[i % static_cast<size_t>(p.channels) * static_cast<size_t>(taps) + i / static_cast<size_t>(p.channels)] =
        w[i];
  if (const auto form =
          micro::write_form(ctx, std::span<const int8_t>(by_channel), p.channels, taps, 1, taps, kLeastSaved)) {
    ctx.call("micro/kernels/depthwise_conv2d_forms.h", format("thimble_depthwise_conv2d_{}_s8", form->function),
             {ctx.plan("thimble_depthwise_conv2d"), ctx.operand(0), form->word, ctx.constant("bias", facts.folded),
              ctx.result(), ctx.scratch(strip), ctx.scratch(taps * p.channels)});
    return {};
  }
  ctx.call("micro/kernels/depthwise_conv2d_fast.h", "thimble_depthwise_conv2d_fast_s8",
           {ctx.plan("thimble_depthwise_conv2d"), ctx.operand(0), ctx.operand(1), ctx.constant("bias", facts.folded),
            ctx.result(), ctx.scratch(strip)});
  return {};
}

}  // namespace thimble::emit_c
