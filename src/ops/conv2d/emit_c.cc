#include <algorithm>

#include "base/numbers.h"
#include "micro/weighted.h"
#include "ops/conv2d/conv2d.h"

namespace thimble::emit_c {
namespace {

// Weights that are brought into memory at a time, where memory is what counts.
constexpr int64_t kUnpackedBytes = 1024;

Status floats(micro::EmitContext& ctx, const thimble_conv2d& p, int64_t n) {
  const auto form = micro::write_form(ctx, ctx.in(1).data.as<float>(), p.outputs, n, 1, n);
  if (!form) return ctx.usual("conv2d", 3);
  ctx.call("micro/kernels/float_forms.h", format("thimble_conv2d_{}_f32", form->function),
           {ctx.plan("thimble_conv2d"), ctx.operand(0), form->word, ctx.operand(2), ctx.result(), ctx.scratch(4 * n)});
  return {};
}

}  // namespace

Status conv2d(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  const auto& p = ctx.resolved.plan.as<thimble_conv2d>();
  ctx.windows(p.h);
  if (ctx.in(0).type == DType::u8) return micro::emit_u8(ctx, "conv2d");
  const int64_t n = p.h.kernel * p.w.kernel * p.group_channels;
  if (ctx.in(0).type == DType::f32 && ctx.in(1).type == DType::f32 && ctx.in(1).constant()) return floats(ctx, p, n);
  micro::LayerFacts facts = micro::layer_facts(ctx, p.outputs, n, 1, p.x_zero);
  if (p.channels != p.group_channels || !micro::make_plain(p.y, facts)) return ctx.usual("conv2d", 3);
  const auto w = ctx.in(1).data.as<int8_t>();
  if (p.outputs % 2 != 0) facts.folded.push_back(0);  // of the row that fills up
  if (const auto form = micro::write_form(ctx, w, p.outputs, n, 1, n)) {
    const int64_t pair = 2 * round_up<int64_t>(n, 2), pairs = (p.outputs + 1) / 2;
    const int64_t least = std::clamp<int64_t>(kUnpackedBytes / pair, 1, pairs);
    const auto memory = ctx.scratch(least * pair + 32, pair, pairs * pair + 32);
    ctx.call("micro/kernels/conv2d_forms.h", format("thimble_conv2d_{}_s8", form->function),
             {ctx.plan("thimble_conv2d"), ctx.operand(0), form->word, ctx.constant("bias", facts.folded), ctx.result(),
              ctx.scratch(6 * (n + 1)), memory.word, std::to_string((memory.bytes - 32) / pair * 2)});
    return {};
  }
  ctx.call(
      "micro/kernels/conv2d_fast.h", "thimble_conv2d_fast_s8",
      {ctx.plan("thimble_conv2d"), ctx.operand(0), ctx.packed("weights", micro::paired_weights(w, p.outputs, n), w),
       ctx.constant("bias", facts.folded), ctx.result(), ctx.scratch(6 * (n + 1))});
  return {};
}

}  // namespace thimble::emit_c
