#include "ops/axes.h"
#include "ops/gather/gather.h"

namespace thimble {

Result<GatherPlan> plan_gather(int axis, int batch_dims, const Shape& x, const Shape& indices) {
  GatherPlan plan;
  THIMBLE_ASSIGN(plan.axis, axis_of(axis, x.rank()));
  plan.batch_dims = batch_dims < 0 ? batch_dims + indices.rank() : batch_dims;
  if (plan.batch_dims < 0 || plan.batch_dims > plan.axis || plan.batch_dims > indices.rank())
    return fail(ErrorCode::bad_file, format("batch_dims {} with axis {} of {} and indices {}", batch_dims, axis,
                                            x.to_string(), indices.to_string()));
  for (int d = 0; d < plan.batch_dims; ++d)
    if (x[d] != indices[d])
      return fail(ErrorCode::bad_file, format("batch dimension {} is {} in the data {} and {} in the indices {}", d,
                                              x[d], x.to_string(), indices[d], indices.to_string()));
  plan.batches = x.elements(0, plan.batch_dims);
  plan.outer = x.elements(plan.batch_dims, plan.axis);
  plan.length = x[plan.axis];
  plan.inner = x.elements(plan.axis + 1, x.rank());
  plan.count = indices.elements(plan.batch_dims, indices.rank());
  return plan;
}

namespace infer {

Status gather(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<GatherAttrs>());
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32, DType::i64}));
  const Tensor &x = ctx.in(0), &indices = ctx.in(1);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no gathering of {}", name(x.type)));
  const auto& attrs = ctx.node.attrs.as<GatherAttrs>();
  THIMBLE_ASSIGN(const GatherPlan plan, plan_gather(attrs.axis, attrs.batch_dims, x.shape, indices.shape));
  std::vector<int64_t> dims(x.shape.dims().begin(), x.shape.dims().begin() + plan.axis);
  dims.insert(dims.end(), indices.shape.dims().begin() + plan.batch_dims, indices.shape.dims().end());
  dims.insert(dims.end(), x.shape.dims().begin() + plan.axis + 1, x.shape.dims().end());
  if (indices.constant())
    for (int64_t i = 0; i < indices.shape.elements(); ++i)
      if (const int64_t at = gather_index(indices.type, indices.data.bytes, i); at < 0 || at >= plan.length)
        return fail(ErrorCode::bad_file, format("index {} is outside axis {} of {}", at, plan.axis, x.to_string()));
  ctx.outputs[0].type = x.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  return {};
}

Status gather_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<GatherGradAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32, DType::i64}));
  const auto& attrs = ctx.node.attrs.as<GatherGradAttrs>();
  THIMBLE_ASSIGN(const Shape x, Shape::make(std::span<const int64_t>(attrs.shape)));
  THIMBLE_ASSIGN(const GatherPlan plan, plan_gather(attrs.axis, attrs.batch_dims, x, ctx.in(1).shape));
  if (ctx.in(0).shape.elements() != plan.batches * plan.outer * plan.count * plan.inner)
    return fail(ErrorCode::internal,
                format("a gradient {} of gathering from {}", ctx.in(0).to_string(), x.to_string()));
  ctx.outputs[0] = {DType::f32, x};
  return {};
}

}  // namespace infer
}  // namespace thimble
