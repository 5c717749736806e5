#include "ops/fully_connected/fully_connected.h"
#include "ops/op.h"

namespace thimble::infer {

// Inputs dy [batch, outputs] (any leading dimensions), w [outputs, inputs], x (for its shape).
Status fully_connected_grad_input(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  for (int i = 0; i < 3; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(1, 2, 2));
  const Shape &dy = ctx.in(0).shape, &w = ctx.in(1).shape, &x = ctx.in(2).shape;
  if (dy.elements() * w[1] != x.elements() * w[0])
    return fail(ErrorCode::internal, format("gradient {} does not fit weights {} and input {}", dy.to_string(),
                                            w.to_string(), x.to_string()));
  ctx.outputs[0] = {DType::f32, x};
  ctx.macs = dy.elements() * w[1];
  return {};
}

// Inputs x, dy; output [outputs, inputs].
Status fully_connected_grad_weights(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  for (int i = 0; i < 2; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  const Shape &x = ctx.in(0).shape, &dy = ctx.in(1).shape;
  const int64_t outputs = dy.dim(-1), batch = outputs ? dy.elements() / outputs : 0;
  if (batch < 1 || x.elements() % batch != 0)
    return fail(ErrorCode::internal, format("gradient {} does not fit input {}", dy.to_string(), x.to_string()));
  ctx.outputs[0] = {DType::f32, Shape{outputs, x.elements() / batch}};
  ctx.macs = x.elements() * outputs;
  return {};
}

// Input dy [..., channels]; output [channels]: the sum over all other dimensions.
Status bias_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  ctx.outputs[0] = {DType::f32, Shape{ctx.in(0).shape.dim(-1)}};
  return {};
}

}  // namespace thimble::infer
