#include "ops/axes.h"
#include "ops/op.h"
#include "ops/split/split.h"

namespace thimble {

SplitInputs split_inputs(Op op) {
  return op == Op::split ? SplitInputs{1, 0} : op == Op::split_v ? SplitInputs{0, 2} : SplitInputs{0, -1};
}

namespace infer {
namespace {

Result<int> split_axis(InferContext& ctx, SplitInputs which) {
  const Tensor& x = ctx.in(which.x);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no splitting of {}", name(x.type)));
  if (ctx.outputs.empty()) return fail(ErrorCode::bad_file, "has no outputs");
  THIMBLE_ASSIGN(const std::vector<int64_t> axis, ctx.constant_ints(which.axis));
  if (axis.size() != 1) return fail(ErrorCode::bad_file, format("the axis tensor holds {} values, not 1", axis.size()));
  return axis_of(axis[0], x.shape.rank());
}

void fill_in(InferContext& ctx, const Tensor& x, int axis, std::span<const int64_t> sizes) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    ctx.outputs[i] = {x.type, x.shape};
    ctx.outputs[i].shape.set(axis, sizes[i]);
  }
  plan_parts(ctx.plan, x.shape, axis, sizes, bits(x.type) / 8, &ctx.plan.make<thimble_split>().outputs);
}

Status equal_parts(InferContext& ctx) {
  const auto parts = static_cast<int64_t>(ctx.outputs.size());
  THIMBLE_TRY(ctx.expect_arity(2, 2, static_cast<int>(parts)));
  THIMBLE_ASSIGN(const int axis, split_axis(ctx, split_inputs(Op::split)));
  const Tensor& x = ctx.in(1);
  const int64_t dim = x.shape[axis];
  if (dim % parts != 0)
    return fail(ErrorCode::bad_file,
                format("dimension {} of {} does not divide into {} parts", axis, x.to_string(), parts));
  fill_in(ctx, x, axis, std::vector<int64_t>(static_cast<size_t>(parts), dim / parts));
  return {};
}

Status parts_of_sizes(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, static_cast<int>(ctx.outputs.size())));
  THIMBLE_ASSIGN(const int axis, split_axis(ctx, split_inputs(Op::split_v)));
  THIMBLE_ASSIGN(std::vector<int64_t> sizes, ctx.constant_ints(1));
  if (sizes.size() != ctx.outputs.size())
    return fail(ErrorCode::bad_file, format("{} sizes for {} outputs", sizes.size(), ctx.outputs.size()));
  const Tensor& x = ctx.in(0);
  const int64_t dim = x.shape[axis];
  int64_t left = dim, *open = nullptr;
  for (int64_t& size : sizes) {
    if (size == -1 && !open) {
      open = &size;
    } else if (size < 0 || size > left) {
      return fail(ErrorCode::bad_file,
                  format("size {} of a part of dimension {} ({}) of {}", size, axis, dim, x.to_string()));
    } else {
      left -= size;
    }
  }
  if (open) {
    *open = left;
  } else if (left != 0) {
    return fail(ErrorCode::bad_file,
                format("the sizes leave {} of dimension {} of {} over", left, axis, x.to_string()));
  }
  fill_in(ctx, x, axis, sizes);
  return {};
}

Status entries(InferContext& ctx) {
  const auto parts = static_cast<int64_t>(ctx.outputs.size());
  THIMBLE_TRY(ctx.expect_arity(1, 1, static_cast<int>(parts)));
  THIMBLE_TRY(ctx.expect_attrs<UnpackAttrs>());
  const Tensor& x = ctx.in(0);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no unpacking of {}", name(x.type)));
  THIMBLE_ASSIGN(const int axis, axis_of(ctx.node.attrs.as<UnpackAttrs>().axis, x.shape.rank()));
  if (x.shape[axis] != parts || parts == 0)
    return fail(ErrorCode::bad_file, format("{} outputs for dimension {} of {}", parts, axis, x.to_string()));
  Shape part;
  for (int d = 0; d < x.shape.rank(); ++d)
    if (d != axis) part.push_back(x.shape[d]);
  for (TensorSpec& y : ctx.outputs) y = {x.type, part};
  const std::vector<int64_t> sizes(static_cast<size_t>(parts), 1);
  plan_parts(ctx.plan, x.shape, axis, sizes, bits(x.type) / 8, &ctx.plan.make<thimble_split>().outputs);
  return {};
}

}  // namespace

Status split(InferContext& ctx) {
  return ctx.node.op == Op::split ? equal_parts(ctx) : ctx.node.op == Op::split_v ? parts_of_sizes(ctx) : entries(ctx);
}

}  // namespace infer
}  // namespace thimble
