#include "ops/index_list.h"
#include "ops/segment/segment.h"

namespace thimble::infer {
namespace {

Status fill_in(InferContext& ctx, int leading, int64_t groups) {
  const Tensor& x = ctx.in(0);
  const int rank = x.shape.rank();
  std::vector<int64_t> dims = {groups};
  dims.insert(dims.end(), x.shape.dims().begin() + leading, x.shape.dims().end());
  ctx.outputs[0].type = x.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  auto& p = ctx.plan.make<thimble_segment>();
  p.rows = static_cast<thimble_dim>(x.shape.elements(0, leading));
  p.columns = static_cast<thimble_dim>(x.shape.elements(leading, rank));
  p.groups = static_cast<thimble_dim>(groups);
  return {};
}

Status sorted(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  THIMBLE_TRY(ctx.expect_rank(1, 1, 1));
  const Tensor &x = ctx.in(0), &ids = ctx.in(1);
  if (ids.shape[0] != x.shape[0])
    return fail(ErrorCode::bad_file, format("{} for the rows of {}", ids.to_string(), x.to_string()));
  THIMBLE_ASSIGN(const std::vector<int64_t> list, ctx.constant_ints(1));
  int64_t last = -1;
  for (const int64_t id : list) {
    if ((last < 0 && id != 0) || (id != last && id != last + 1))
      return fail(ErrorCode::bad_file, format("id {} of {} follows on {}", id, ids.to_string(), last));
    last = id;
  }
  return fill_in(ctx, 1, last + 1);
}

}  // namespace

Status segment(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 3, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i32}));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32}));
  if (ctx.node.op == Op::segment_sum) return sorted(ctx);
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_type(2, {DType::i32}));
  THIMBLE_TRY(ctx.expect_rank(2, 0, 1));
  const Tensor &x = ctx.in(0), &ids = ctx.in(1);
  const int leading = ids.shape.rank();
  bool prefix = leading <= x.shape.rank();
  for (int d = 0; d < leading && prefix; ++d) prefix = ids.shape[d] == x.shape[d];
  if (!prefix) return fail(ErrorCode::bad_file, format("{} does not name rows of {}", ids.to_string(), x.to_string()));
  THIMBLE_ASSIGN(const std::vector<int64_t> count, ctx.constant_ints(2));
  if (count.size() != 1 || count[0] < 0)
    return fail(ErrorCode::bad_file, count.size() == 1 ? format("{} groups", count[0]) : "not one number of groups");
  if (ids.constant())
    for (const int32_t id : ids.data.as<int32_t>())
      if (id >= count[0]) return fail(ErrorCode::bad_file, format("id {} of {} groups", id, count[0]));
  return fill_in(ctx, leading, count[0]);
}

}  // namespace thimble::infer
