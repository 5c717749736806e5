// The gradient through an activation that is fused into its operator.
#include "ops/relu_grad/relu_grad.h"
#include "train/grad.h"

namespace thimble {

Result<TensorId> activation_gradient(GradContext& ctx, Activation activation) {
  if (activation == Activation::none) return ctx.dy();
  if (activation != Activation::relu && activation != Activation::relu6 && activation != Activation::relu_n1_to_1)
    return fail(ErrorCode::unsupported, format("no gradient through the fused activation {}", name(activation)),
                "write the activation as a layer of its own");
  return ctx.builder.op(Op::relu_grad, {ctx.y(), ctx.dy()}, ReluGradAttrs{activation}, ctx.node.name + "/dact");
}

}  // namespace thimble
