#include "ops/axes.h"
#include "ops/cumsum/cumsum.h"

namespace thimble::infer {

Status cumsum(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<CumsumAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i32, DType::i64, DType::f64}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32}));
  THIMBLE_ASSIGN(const std::vector<int64_t> axes, ctx.constant_ints(1));
  if (axes.size() != 1) return fail(ErrorCode::bad_file, format("the axis tensor holds {} values, not 1", axes.size()));
  const Shape& x = ctx.in(0).shape;
  THIMBLE_ASSIGN(const int axis, axis_of(axes[0], x.rank()));
  ctx.outputs[0] = {ctx.in(0).type, x};
  ctx.in_place = 1;
  const auto& attrs = ctx.node.attrs.as<CumsumAttrs>();
  auto& p = ctx.plan.make<thimble_cumsum>();
  p.outer = x.elements(0, axis);
  p.depth = x[axis];
  p.inner = x.elements(axis + 1, x.rank());
  p.exclusive = attrs.exclusive;
  p.reverse = attrs.reverse;
  return {};
}

}  // namespace thimble::infer
