#include "ops/broadcast_args/broadcast_args.h"

namespace thimble::infer {

Status broadcast_args(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::i32, DType::i64}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, 1));
  THIMBLE_TRY(ctx.expect_rank(1, 1, 1));
  const Tensor &a = ctx.in(0), &b = ctx.in(1);
  if (a.type != b.type)
    return fail(ErrorCode::bad_file, format("operands differ in type: {} and {}", a.to_string(), b.to_string()));
  auto& p = ctx.plan.make<thimble_broadcast_args>();
  p.a = a.shape[0];
  p.b = b.shape[0];
  p.y = std::max(p.a, p.b);
  ctx.outputs[0] = {a.type, Shape{p.y}};
  if (!a.constant() || !b.constant()) return {};
  THIMBLE_ASSIGN(const std::vector<int64_t> u, ctx.constant_ints(0));
  THIMBLE_ASSIGN(const std::vector<int64_t> v, ctx.constant_ints(1));
  Status status;
  broadcast_sizes(
      p, u.data(), v.data(), [](int64_t, int64_t) {},
      [&](int64_t x, int64_t y) {
        status = fail(ErrorCode::bad_file, format("the shapes do not broadcast: {} against {}", x, y));
      });
  return status;
}

}  // namespace thimble::infer
