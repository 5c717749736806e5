#include "runtime/lower.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/weighted.h"
#include "runtime/lower_gemm.h"

namespace thimble::lowering {

// A dense layer is a plain matrix product: x [batch, inputs] · wᵀ, one "tap".
Result<bool> fully_connected(LowerContext& ctx) {
  if (ctx.in(0).type == DType::i16) return false;
  const auto& attrs = ctx.node.attrs.as<FullyConnectedAttrs>();
  const auto& plan = ctx.plan<thimble_fully_connected>();
  GemmShape shape;
  shape.n = plan.outputs;
  shape.k = plan.inputs;
  shape.m = plan.batch;
  shape.activation = attrs.activation;
  if (plan.scales.high) {
    const Tensor &x = ctx.in(0), &w = ctx.in(1);
    shape.requant.scale = ctx.constant(dense_scales(x.quant.scale[0], w.quant, ctx.out().quant.scale[0], plan.outputs));
    shape.requant.zero_point = plan.y_zero;
    shape.requant.lo = plan.lo;
    shape.requant.hi = plan.hi;
  }
  shape.asymmetric_rows = attrs.asymmetric_quantize_inputs;
  return lower_gemm(ctx, shape);
}

}  // namespace thimble::lowering
