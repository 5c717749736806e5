#include "ops/arg_max/arg_max.h"
#include "ops/axes.h"

namespace thimble::infer {

Status arg_max(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<ArgMaxAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i32, DType::boolean}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  THIMBLE_ASSIGN(const std::vector<int64_t> axes, ctx.constant_ints(1));
  if (axes.size() != 1) return fail(ErrorCode::bad_file, format("the axis tensor holds {} values, not 1", axes.size()));
  const Shape& x = ctx.in(0).shape;
  THIMBLE_ASSIGN(const int axis, axis_of(axes[0], x.rank()));
  if (x[axis] == 0) return fail(ErrorCode::bad_file, format("axis {} of {} is empty", axis, ctx.in(0).to_string()));
  ctx.outputs[0].type = ctx.node.attrs.as<ArgMaxAttrs>().wide ? DType::i64 : DType::i32;
  for (int d = 0; d < x.rank(); ++d)
    if (d != axis) ctx.outputs[0].shape.push_back(x[d]);
  auto& p = ctx.plan.make<thimble_arg_max>();
  p.outer = x.elements(0, axis);
  p.depth = x[axis];
  p.inner = x.elements(axis + 1, x.rank());
  return {};
}

}  // namespace thimble::infer
