#include "runtime/lower.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/weighted.h"
#include "runtime/lower_gemm.h"

namespace thimble::lowering {

// A dense layer is a plain matrix product: x [batch, inputs] · wᵀ, one "tap".
Result<bool> fully_connected(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<FullyConnectedAttrs>();
  const Tensor& w = ctx.in(1);
  GemmShape shape;
  shape.n = w.shape[0];
  shape.k = w.shape[1];
  shape.m = ctx.in(0).shape.elements() / shape.k;
  shape.activation = attrs.activation;
  shape.asymmetric_rows = attrs.asymmetric_quantize_inputs;
  shape.rounds_once = true;
  return lower_gemm(ctx, shape);
}

}  // namespace thimble::lowering
