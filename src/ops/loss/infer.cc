#include <cmath>

#include "ops/loss/loss.h"
#include "ops/op.h"

namespace thimble::infer {
namespace {

// Input 0 are predictions [..., classes]; input 1 is float32 of the same shape or, for
// classification, one int32 label per row.
Status expect_prediction_and_target(const InferContext& ctx, bool labels_allowed, bool rows) {
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  if (rows) THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  const Tensor &x = ctx.in(0), &t = ctx.in(1);
  if (x.shape.elements() < 1) return fail(ErrorCode::bad_file, format("{}: a loss of no elements", x.to_string()));
  if (t.type == DType::f32 && t.shape == x.shape) return {};
  const int64_t per_row = rows ? x.shape.dim(-1) : 1;
  if (labels_allowed && t.type == DType::i32 && t.shape.elements() == x.shape.elements() / per_row) return {};
  return fail(ErrorCode::bad_file, format("target {} does not fit prediction {}", t.to_string(), x.to_string()),
              labels_allowed ? format("give int32 labels, {} of them, or float32 {}", x.shape.elements() / per_row,
                                      x.shape.to_string())
                             : format("give float32 {}", x.shape.to_string()));
}

Status expect_scalar(const InferContext& ctx, int input) {
  THIMBLE_TRY(ctx.expect_type(input, {DType::f32}));
  if (ctx.in(input).shape.elements() != 1)
    return fail(ErrorCode::internal, format("{}: must hold one value", ctx.in(input).to_string()));
  return {};
}

Status expect_smoothing(float s) {
  if (s >= 0 && s <= 1) return {};
  return fail(ErrorCode::usage, format("label_smoothing is {}", s), "choose a value from 0 to 1");
}

Status expect_loss(const InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_attrs<LossAttrs>());
  const auto& attrs = ctx.node.attrs.as<LossAttrs>();
  if (attrs.kind >= LossKind::count) return fail(ErrorCode::internal, "unknown loss");
  THIMBLE_TRY(expect_smoothing(attrs.label_smoothing));
  if (!(attrs.delta > 0) || !std::isfinite(attrs.delta))
    return fail(ErrorCode::usage, format("huber delta is {}", attrs.delta), "choose a positive number");
  const bool rows = is_classification(attrs.kind) || attrs.kind == LossKind::kl_divergence;
  return expect_prediction_and_target(ctx, is_classification(attrs.kind), rows);
}

}  // namespace

Status softmax_crossentropy(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 2));
  THIMBLE_TRY(ctx.expect_attrs<SoftmaxCrossentropyAttrs>());
  THIMBLE_TRY(expect_smoothing(ctx.node.attrs.as<SoftmaxCrossentropyAttrs>().label_smoothing));
  THIMBLE_TRY(expect_prediction_and_target(ctx, true, true));
  ctx.outputs[0] = {DType::f32, Shape{}};
  ctx.outputs[1] = {DType::f32, ctx.in(0).shape};
  return {};
}

Status softmax_crossentropy_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<SoftmaxCrossentropyAttrs>());
  THIMBLE_TRY(expect_smoothing(ctx.node.attrs.as<SoftmaxCrossentropyAttrs>().label_smoothing));
  THIMBLE_TRY(expect_prediction_and_target(ctx, true, true));
  THIMBLE_TRY(expect_scalar(ctx, 2));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  return {};
}

Status loss(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(expect_loss(ctx));
  ctx.outputs[0] = {DType::f32, Shape{}};
  return {};
}

Status loss_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(expect_loss(ctx));
  THIMBLE_TRY(expect_scalar(ctx, 2));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  return {};
}

}  // namespace thimble::infer
