#include "ops/random/random.h"

namespace thimble::infer {
namespace {

Status expect_state(const InferContext& ctx, int input) {
  const Tensor& state = ctx.in(input);
  if (state.variable && state.type == DType::i64 && state.shape == Shape{1}) return {};
  return fail(ErrorCode::bad_file, format("{} is not the state of random numbers", state.to_string()));
}

Status multinomial(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 2, 2));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32}));
  THIMBLE_TRY(expect_state(ctx, 2));
  const Tensor &logits = ctx.in(0), &y = ctx.declared(0);
  if (logits.shape[1] == 0) return fail(ErrorCode::bad_file, format("{} has no classes", logits.to_string()));
  THIMBLE_ASSIGN(const std::vector<int64_t> count, ctx.constant_ints(1));
  if (count.size() != 1 || count[0] < 0)
    return fail(ErrorCode::bad_file, count.size() == 1 ? format("{} draws", count[0]) : "not one number of draws");
  const int64_t dims[] = {logits.shape[0], count[0]};
  ctx.outputs[0].type = y.type == DType::i32 ? DType::i32 : DType::i64;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  auto& p = ctx.plan.make<thimble_random>();
  p.count = static_cast<thimble_dim>(count[0]);
  p.batches = static_cast<thimble_dim>(logits.shape[0]);
  p.classes = static_cast<thimble_dim>(logits.shape[1]);
  ctx.scratch_bytes = logits.shape[1] * 8;
  return {};
}

}  // namespace

Status random(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_attrs<RandomAttrs>());
  if (ctx.node.op == Op::multinomial) return multinomial(ctx);
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::i32}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, 1));
  THIMBLE_TRY(expect_state(ctx, 1));
  THIMBLE_ASSIGN(const std::vector<int64_t> dims, ctx.constant_ints(0));
  ctx.outputs[0].type = DType::f32;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  ctx.plan.make<thimble_random>().count = static_cast<thimble_dim>(ctx.outputs[0].shape.elements());
  return {};
}

}  // namespace thimble::infer
