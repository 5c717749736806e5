#include "ops/op.h"
#include "ops/reshape/reshape.h"

namespace thimble::infer {
namespace {

// The target with its −1 (at most one) resolved so that `elements` fit.
Result<Shape> resolve(std::vector<int64_t> dims, int64_t elements) {
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == -1 && open < 0) {
      open = static_cast<int64_t>(i);
    } else if (dims[i] < 0) {
      return fail(ErrorCode::bad_file, dims[i] == -1 ? "the new shape has more than one -1"
                                                     : format("the new shape has dimension {}", dims[i]));
    } else if (__builtin_mul_overflow(known, dims[i], &known)) {
      return fail(ErrorCode::bad_file, "the new shape overflows");
    }
  }
  if (open >= 0) {
    if (known == 0 || elements % known != 0)
      return fail(ErrorCode::bad_file, format("{} elements do not divide into the new shape's {}", elements, known));
    dims[static_cast<size_t>(open)] = elements / known;
  }
  THIMBLE_ASSIGN(const Shape shape, Shape::make(std::span<const int64_t>(dims)));
  if (shape.elements() != elements)
    return fail(ErrorCode::bad_file, format("{} elements cannot take the shape {}", elements, shape.to_string()));
  return shape;
}

Result<int> axis_of(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) return fail(ErrorCode::bad_file, format("axis {} of rank {}", axis, rank));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Status infer_reshape(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<ReshapeAttrs>());
  std::vector<int64_t> dims = ctx.node.attrs.as<ReshapeAttrs>().shape;
  if (ctx.has(1)) {
    THIMBLE_ASSIGN(dims, ctx.constant_ints(1));
  }
  ctx.outputs[0].type = ctx.in(0).type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, resolve(std::move(dims), ctx.in(0).shape.elements()));
  return {};
}

Status infer_squeeze(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<SqueezeAttrs>());
  const Shape& x = ctx.in(0).shape;
  const auto& axes = ctx.node.attrs.as<SqueezeAttrs>().axes;
  bool drop[Shape::kMaxRank] = {};
  for (int64_t a : axes) {
    THIMBLE_ASSIGN(const int axis, axis_of(a, x.rank()));
    if (x[axis] != 1)
      return fail(ErrorCode::bad_file, format("cannot squeeze axis {} of {}: it is not 1", axis, x.to_string()));
    drop[axis] = true;
  }
  ctx.outputs[0].type = ctx.in(0).type;
  for (int i = 0; i < x.rank(); ++i)
    if (axes.empty() ? x[i] != 1 : !drop[i]) ctx.outputs[0].shape.push_back(x[i]);
  return {};
}

Status infer_expand_dims(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_rank(0, 0, Shape::kMaxRank - 1));
  const Shape& x = ctx.in(0).shape;
  THIMBLE_ASSIGN(const std::vector<int64_t> axes, ctx.constant_ints(1));
  if (axes.size() != 1) return fail(ErrorCode::bad_file, format("the axis tensor holds {} values, not 1", axes.size()));
  THIMBLE_ASSIGN(const int axis, axis_of(axes[0], x.rank() + 1));
  ctx.outputs[0].type = ctx.in(0).type;
  for (int i = 0; i <= x.rank(); ++i) {
    if (i == axis) ctx.outputs[0].shape.push_back(1);
    if (i < x.rank()) ctx.outputs[0].shape.push_back(x[i]);
  }
  return {};
}

}  // namespace

Status reshape(InferContext& ctx) {
  ctx.output_is_input = true;
  return ctx.node.op == Op::reshape   ? infer_reshape(ctx)
         : ctx.node.op == Op::squeeze ? infer_squeeze(ctx)
                                      : infer_expand_dims(ctx);
}

}  // namespace thimble::infer
