#include "base/numbers.h"
#include "ops/conv2d/conv2d.h"

namespace thimble::infer {
namespace {

// dy, w and x must be those of one float convolution.
Status check(InferContext& ctx, int dy, int w, int x) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<Conv2dAttrs>());
  for (int i = 0; i < 3; ++i) {
    THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
    THIMBLE_TRY(ctx.expect_rank(i, 4, 4));
  }
  const Shape &ws = ctx.in(w).shape, &xs = ctx.in(x).shape;
  THIMBLE_ASSIGN(const Window window, conv_window(ctx.node.attrs.as<Conv2dAttrs>(), xs, ws));
  if (ws[3] < 1 || xs[3] < 1 || xs[3] % ws[3] != 0 || ws[0] < 1 || ws[0] % (xs[3] / ws[3]) != 0 ||
      !(ctx.in(dy).shape == Shape{xs[0], window.h.out, window.w.out, ws[0]}))
    return fail(ErrorCode::internal, format("gradient {} does not fit weights {} and input {}", ctx.in(dy).to_string(),
                                            ctx.in(w).to_string(), ctx.in(x).to_string()));
  if (!checked_mul(ctx.in(dy).shape.elements(), window.taps() * ws[3], &ctx.macs))
    return fail(ErrorCode::internal, "the number of multiply-accumulates overflows");
  return {};
}

}  // namespace

// Inputs dy, w, x (for its shape); output dx. The activation, where there is one, is the clamp that x
// came out of: dx is then the gradient before it, and the values of x matter.
Status conv2d_grad_input(InferContext& ctx) {
  THIMBLE_TRY(check(ctx, 0, 1, 2));
  ctx.outputs[0] = {DType::f32, ctx.in(2).shape};
  return {};
}

// Inputs x, dy, w (for its shape); output dw.
Status conv2d_grad_weights(InferContext& ctx) {
  THIMBLE_TRY(check(ctx, 1, 2, 0));
  ctx.outputs[0] = {DType::f32, ctx.in(2).shape};
  return {};
}

}  // namespace thimble::infer
