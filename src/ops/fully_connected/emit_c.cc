#include "micro/weighted.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::emit_c {
namespace {

// A layer of fewer weights takes less time than the fast kernel takes flash.
constexpr int64_t kFewWeights = 1000;

}  // namespace

Status fully_connected(micro::EmitContext& ctx) {
  micro::expect_constant_weights(ctx);
  const auto& p = ctx.resolved.plan.as<thimble_fully_connected>();
  const micro::LayerFacts facts = micro::layer_facts(ctx, p.outputs, p.inputs, 1, p.x_zero);
  if (facts.folded.empty() || p.inputs * p.outputs < kFewWeights) return ctx.usual("fully_connected", 3);
  const auto w = micro::packed_weights(ctx.in(1).data.as<int8_t>(), p.outputs, p.inputs, 4);
  ctx.call("micro/kernels/fully_connected_fast.h", "thimble_fully_connected_fast_s8",
           {ctx.plan("thimble_fully_connected"), ctx.operand(0), ctx.packed("weights", w),
            ctx.constant("bias", facts.folded), ctx.result()});
  return {};
}

}  // namespace thimble::emit_c
