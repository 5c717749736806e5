#include "ops/pool2d/pool2d.h"

namespace thimble::infer {

// Inputs x and dy; output dx of x's shape. (Averages need x for its shape only.) The activation of a
// maximum's gradient is the clamp that x came out of: dx is the gradient before it.
Status pool2d_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<Pool2dAttrs>());
  for (int i = 0; i < 2; ++i) {
    THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
    THIMBLE_TRY(ctx.expect_rank(i, 4, 4));
  }
  const Shape &x = ctx.in(0).shape, &dy = ctx.in(1).shape;
  THIMBLE_ASSIGN(const Window window, pool_window(ctx.node.attrs.as<Pool2dAttrs>(), x));
  if (!(dy == Shape{x[0], window.h.out, window.w.out, x[3]}))
    return fail(ErrorCode::internal,
                format("gradient {} does not fit input {}", ctx.in(1).to_string(), ctx.in(0).to_string()));
  ctx.outputs[0] = {DType::f32, x};
  return {};
}

}  // namespace thimble::infer
