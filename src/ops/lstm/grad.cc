#include "train/grad.h"
#include "ops/lstm/lstm.h"

namespace thimble::gradient {

// One fused node runs backward through time and gives all gradients.
Status lstm(GradContext& ctx) {
  if (ctx.dy(0) == kNoTensor) return fail(ErrorCode::internal, "the loss depends on values that lstm keeps for itself");
  const bool dx = ctx.needs(0);
  const LstmGradAttrs attrs{ctx.node.attrs.as<LstmAttrs>().return_sequences, dx};
  THIMBLE_ASSIGN(
      const auto out,
      ctx.builder.node(Op::lstm_grad, {ctx.x(0), ctx.x(1), ctx.x(2), ctx.y(1), ctx.y(2), ctx.y(3), ctx.y(4), ctx.dy(0)},
                       attrs, ctx.node.name + "/grad", dx ? 4 : 3));
  for (size_t i = 1; i < 4; ++i)
    if (ctx.needs(i)) ctx.input_grads[i] = out[i - 1];
  if (dx) ctx.input_grads[0] = out[3];
  return {};
}

}  // namespace thimble::gradient
