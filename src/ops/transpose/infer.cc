#include "ops/op.h"
#include "ops/transpose/transpose.h"

namespace thimble {

StridedCopy plan_transpose(const Shape& x, const Shape& y, const IntList& perm, int64_t width) {
  const auto dense = dense_strides(x), to = dense_strides(y);
  std::array<int64_t, Shape::kMaxRank> from{};
  for (size_t d = 0; d < perm.count; ++d) {
    const int64_t axis = perm.values[d] < 0 ? perm.values[d] + x.rank() : perm.values[d];
    from[d] = dense[static_cast<size_t>(axis)];
  }
  return plan_copy(y, width, from, to);
}

namespace infer {

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
  for (int64_t p : perm) {
    THIMBLE_ASSIGN(const int axis, axis_of(p, rank));
    if (seen[axis]) return fail(ErrorCode::bad_file, format("dimension {} stands twice in the permutation", axis));
    seen[axis] = true;
    ctx.outputs[0].shape.push_back(x.shape[axis]);
  }
  return {};
}

}  // namespace infer
}  // namespace thimble
