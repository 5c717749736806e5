#include "ops/op.h"
#include "ops/relu_grad/relu_grad.h"

namespace thimble::infer {

Status relu_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<ReluGradAttrs>());
  for (int i = 0; i < 2; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  if (!(ctx.in(0).shape == ctx.in(1).shape))
    return fail(ErrorCode::internal, format("shapes differ: {} and {}", ctx.in(0).to_string(), ctx.in(1).to_string()));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  ctx.in_place = 3;
  return {};
}

}  // namespace thimble::infer
