#include "ops/op.h"
#include "ops/optimizer/optimizer.h"

namespace thimble {

int optimizer_states(UpdateRule rule, bool momentum, bool centered, bool amsgrad) {
  switch (rule) {
    case UpdateRule::sgd: return momentum ? 1 : 0;
    case UpdateRule::rmsprop: return centered ? 3 : momentum ? 2 : 1;
    case UpdateRule::adam: return amsgrad ? 3 : 2;
    case UpdateRule::adagrad:
    case UpdateRule::lion: return 1;
    default: return 2;
  }
}

namespace infer {
namespace {
// Inputs `first` … are variables of w's shape; hyper holds 16 floats.
Status check(InferContext& ctx, int hyper, std::initializer_list<int> variables) {
  for (int i = 0; i < ctx.arity(); ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  if (ctx.in(hyper).shape.elements() != 16) return fail(ErrorCode::internal, "hyper parameters must be 16 numbers");
  for (int i : variables) {
    if (!ctx.in(i).variable) return fail(ErrorCode::internal, format("{} is not a variable", ctx.in(i).to_string()));
    if (!(ctx.in(i).shape == ctx.in(0).shape))
      return fail(ErrorCode::internal, format("{} does not match {}", ctx.in(i).to_string(), ctx.in(0).to_string()));
  }
  return {};
}
}  // namespace

Status optimizer_update(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 6, 0));
  THIMBLE_TRY(ctx.expect_attrs<OptimizerAttrs>());
  THIMBLE_TRY(check(ctx, 2, {0}));
  if (!(ctx.in(1).shape == ctx.in(0).shape))
    return fail(ErrorCode::internal,
                format("gradient {} does not match {}", ctx.in(1).to_string(), ctx.in(0).to_string()));
  for (int i = 3; i < ctx.arity(); ++i) THIMBLE_TRY(check(ctx, 2, {i}));
  return {};
}

Status fully_connected_update(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(4, 7, 0));
  THIMBLE_TRY(ctx.expect_attrs<OptimizerAttrs>());
  THIMBLE_TRY(ctx.expect_rank(0, 2, 2));
  THIMBLE_TRY(check(ctx, 2, {0}));
  const Shape &w = ctx.in(0).shape, &x = ctx.in(1).shape, &dy = ctx.in(3).shape;
  if (x.elements() * w[0] != dy.elements() * w[1] || dy.dim(-1) != w[0])
    return fail(ErrorCode::internal,
                format("input {} and gradient {} do not fit weights {}", x.to_string(), dy.to_string(), w.to_string()));
  for (int i = 4; i < ctx.arity(); ++i) THIMBLE_TRY(check(ctx, 2, {i}));
  ctx.macs = dy.elements() * w[1];
  return {};
}

Status average_update(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 0));
  return check(ctx, 2, {0, 1});
}

// Inputs: gradients of any shapes; output: a scalar min(1, limit / norm of all of them together).
Status clip_scale(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1000000, 1));
  THIMBLE_TRY(ctx.expect_attrs<ClipAttrs>());
  for (int i = 0; i < ctx.arity(); ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  ctx.outputs[0] = {DType::f32, Shape{}};
  return {};
}

}  // namespace infer
}  // namespace thimble
