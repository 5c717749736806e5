#include "ops/axes.h"
#include "ops/op.h"
#include "ops/transpose/transpose.h"

namespace thimble::infer {

Status transpose(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  const Tensor& x = ctx.in(0);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no transposition of {}", name(x.type)));
  if (x.quant.per_axis())
    return fail(ErrorCode::unsupported, format("{}: no transposition of per-axis quantised values", x.to_string()));
  THIMBLE_TRY(ctx.expect_rank(1, 1, 1));
  THIMBLE_ASSIGN(const std::vector<int64_t> perm, ctx.constant_ints(1));
  const int rank = x.shape.rank();
  if (perm.size() != static_cast<size_t>(rank))
    return fail(ErrorCode::bad_file,
                format("{} entries permute the {} dimensions of {}", perm.size(), rank, x.to_string()));
  bool seen[Shape::kMaxRank] = {};
  ctx.outputs[0].type = x.type;
  const auto dense = dense_strides(x.shape);
  std::array<int64_t, Shape::kMaxRank> from{};
  for (size_t d = 0; d < perm.size(); ++d) {
    THIMBLE_ASSIGN(const int axis, axis_of(perm[d], rank));
    if (seen[axis]) return fail(ErrorCode::bad_file, format("dimension {} stands twice in the permutation", axis));
    seen[axis] = true;
    ctx.outputs[0].shape.push_back(x.shape[axis]);
    from[d] = dense[static_cast<size_t>(axis)];
  }
  const Shape& y = ctx.outputs[0].shape;
  ctx.plan.make<thimble_transpose>().copy = plan_copy(y, bits(x.type) / 8, from, dense_strides(y));
  return {};
}

}  // namespace thimble::infer
