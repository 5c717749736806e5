#include "ops/non_max_suppression/non_max_suppression.h"

namespace thimble::infer {

Status non_max_suppression(InferContext& ctx) {
  const bool soft = ctx.node.op == Op::non_max_suppression_v5;
  const int inputs = soft ? 6 : 5;
  THIMBLE_TRY(ctx.expect_arity(inputs, inputs, soft ? 3 : 2));
  for (int i = 0; i < inputs; ++i)
    THIMBLE_TRY(i == 2 ? ctx.expect_type(i, {DType::i32}) : ctx.expect_type(i, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 2, 2));
  THIMBLE_TRY(ctx.expect_rank(1, 1, 1));
  const Tensor &boxes = ctx.in(0), &scores = ctx.in(1);
  if (boxes.shape[1] != 4 || scores.shape[0] != boxes.shape[0])
    return fail(ErrorCode::bad_file, format("boxes {} with scores {}", boxes.to_string(), scores.to_string()));
  for (int i = 3; i < inputs; ++i)
    if (ctx.in(i).shape.elements() != 1)
      return fail(ErrorCode::bad_file, format("{} must be one number", ctx.in(i).to_string()));
  if (soft && ctx.in(5).constant() && !(ctx.in(5).data.as<float>()[0] >= 0))
    return fail(ErrorCode::bad_file, format("sigma is {}", ctx.in(5).data.as<float>()[0]));
  THIMBLE_ASSIGN(const std::vector<int64_t> most, ctx.constant_ints(2));
  if (most.size() != 1 || most[0] < 0)
    return fail(ErrorCode::bad_file,
                most.size() == 1 ? format("at most {} boxes", most[0]) : "not one number of boxes");
  const Shape list{most[0]};
  ctx.outputs[0] = {DType::i32, list};
  if (soft) ctx.outputs[1] = {DType::f32, list};
  ctx.outputs[soft ? 2 : 1] = {DType::i32, Shape{}};
  auto& p = ctx.plan.make<thimble_non_max_suppression>();
  p.boxes = static_cast<thimble_dim>(boxes.shape[0]);
  p.most = static_cast<thimble_dim>(most[0]);
  ctx.scratch_bytes = boxes.shape[0] * static_cast<int64_t>(sizeof(SuppressionCandidate));
  return {};
}

}  // namespace thimble::infer
