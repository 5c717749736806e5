#include "micro/weighted.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::emit_c {
namespace {

// A layer of fewer weights takes less time than the fast kernel takes flash, but on AVR.
constexpr int64_t kFewWeights = 1000;

constexpr const char *kFast = "micro/kernels/fully_connected_fast.h", *kFunction = "thimble_fully_connected_fast_s8";

}  // namespace

Status fully_connected(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  const auto& p = ctx.resolved.plan.as<thimble_fully_connected>();
  if (ctx.in(0).type == DType::u8) return micro::emit_u8(ctx, "fully_connected");
  if (ctx.in(0).type == DType::f32 && ctx.in(1).type == DType::f32 && ctx.in(1).constant()) {
    const auto form = micro::write_form(ctx, ctx.in(1).data.as<float>(), p.outputs, p.inputs, 1, 16);
    if (!form) return ctx.usual("fully_connected", 3);
    ctx.call("micro/kernels/float_forms.h", format("thimble_fully_connected_{}_f32", form->function),
             {ctx.plan("thimble_fully_connected"), ctx.operand(0), form->word, ctx.operand(2), ctx.result()});
    return {};
  }
  const micro::LayerFacts facts = micro::layer_facts(ctx, p.outputs, p.inputs, 1, p.x_zero);
  if (facts.folded.empty()) return ctx.usual("fully_connected", 3);
  const auto w = ctx.in(1).data.as<int8_t>();
  if (const auto form = micro::write_form(ctx, w, p.outputs, p.inputs, 4, 16)) {
    ctx.call("micro/kernels/fully_connected_forms.h", format("thimble_fully_connected_{}_s8", form->function),
             {ctx.plan("thimble_fully_connected"), ctx.operand(0), form->word, ctx.constant("bias", facts.folded),
              ctx.result()});
    return {};
  }
  if (p.inputs * p.outputs < kFewWeights) {
    const std::string plan = ctx.plan("thimble_fully_connected"), x = ctx.operand(0), weights = ctx.operand(1);
    ctx.on_avr(kFast, kFunction, {plan, x, weights, ctx.constant_on_avr("bias", facts.folded), ctx.result()});
    ctx.call(micro::kernel("fully_connected"), "thimble_fully_connected_s8",
             {plan, x, weights, ctx.operand(2), ctx.result()});
    return {};
  }
  ctx.call(kFast, kFunction,
           {ctx.plan("thimble_fully_connected"), ctx.operand(0),
            ctx.packed("weights", micro::packed_weights(w, p.outputs, p.inputs, 4), w),
            ctx.constant("bias", facts.folded), ctx.result()});
  return {};
}

}  // namespace thimble::emit_c
