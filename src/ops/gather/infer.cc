#include "ops/axes.h"
#include "ops/gather/gather.h"

namespace thimble {

Result<GatherAxes> gather_axes(int axis, int batch_dims, const Shape& x, const Shape& indices) {
  GatherAxes axes;
  THIMBLE_ASSIGN(axes.axis, axis_of(axis, x.rank()));
  axes.batch_dims = batch_dims < 0 ? batch_dims + indices.rank() : batch_dims;
  if (axes.batch_dims < 0 || axes.batch_dims > axes.axis || axes.batch_dims > indices.rank())
    return fail(ErrorCode::bad_file, format("batch_dims {} with axis {} of {} and indices {}", batch_dims, axis,
                                            x.to_string(), indices.to_string()));
  for (int d = 0; d < axes.batch_dims; ++d)
    if (x[d] != indices[d])
      return fail(ErrorCode::bad_file, format("batch dimension {} is {} in the data {} and {} in the indices {}", d,
                                              x[d], x.to_string(), indices[d], indices.to_string()));
  return axes;
}

namespace infer {
namespace {

void fill_plan(Plan& plan, GatherAxes axes, const Shape& x, const Shape& indices, int64_t width) {
  auto& p = plan.make<thimble_gather>();
  p.batches = x.elements(0, axes.batch_dims);
  p.outer = x.elements(axes.batch_dims, axes.axis);
  p.length = x[axes.axis];
  p.count = indices.elements(axes.batch_dims, indices.rank());
  p.bytes = x.elements(axes.axis + 1, x.rank()) * width;
}

}  // namespace

Status gather(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<GatherAttrs>());
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32, DType::i64}));
  const Tensor &x = ctx.in(0), &indices = ctx.in(1);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no gathering of {}", name(x.type)));
  const auto& attrs = ctx.node.attrs.as<GatherAttrs>();
  THIMBLE_ASSIGN(const GatherAxes axes, gather_axes(attrs.axis, attrs.batch_dims, x.shape, indices.shape));
  std::vector<int64_t> dims(x.shape.dims().begin(), x.shape.dims().begin() + axes.axis);
  dims.insert(dims.end(), indices.shape.dims().begin() + axes.batch_dims, indices.shape.dims().end());
  dims.insert(dims.end(), x.shape.dims().begin() + axes.axis + 1, x.shape.dims().end());
  if (indices.constant())
    for (int64_t i = 0; i < indices.shape.elements(); ++i)
      if (const int64_t at = gather_index(indices.type, indices.data.bytes, i); at < 0 || at >= x.shape[axes.axis])
        return fail(ErrorCode::bad_file, format("index {} is outside axis {} of {}", at, axes.axis, x.to_string()));
  ctx.outputs[0].type = x.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  fill_plan(ctx.plan, axes, x.shape, indices.shape, bits(x.type) / 8);
  return {};
}

Status gather_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<GatherGradAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32, DType::i64}));
  const auto& attrs = ctx.node.attrs.as<GatherGradAttrs>();
  THIMBLE_ASSIGN(const Shape x, Shape::make(std::span<const int64_t>(attrs.shape)));
  THIMBLE_ASSIGN(const GatherAxes axes, gather_axes(attrs.axis, attrs.batch_dims, x, ctx.in(1).shape));
  fill_plan(ctx.plan, axes, x, ctx.in(1).shape, 4);
  const auto& p = ctx.plan.as<thimble_gather>();
  if (ctx.in(0).shape.elements() * 4 != p.batches * p.outer * p.count * p.bytes)
    return fail(ErrorCode::internal,
                format("a gradient {} of gathering from {}", ctx.in(0).to_string(), x.to_string()));
  ctx.outputs[0] = {DType::f32, x};
  return {};
}

}  // namespace infer
}  // namespace thimble
