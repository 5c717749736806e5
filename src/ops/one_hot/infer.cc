#include "ops/axes.h"
#include "ops/one_hot/one_hot.h"

namespace thimble::infer {

Status one_hot(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(4, 4, 1));
  THIMBLE_TRY(ctx.expect_attrs<OneHotAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::i32, DType::i64}));
  const Tensor &indices = ctx.in(0), &on = ctx.in(2), &off = ctx.in(3);
  if (bits(on.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no one-hot {}", name(on.type)));
  if (on.shape.elements() != 1 || off.shape.elements() != 1 || on.type != off.type)
    return fail(ErrorCode::bad_file,
                format("{} and {} must be one element each, of one type", on.to_string(), off.to_string()));
  THIMBLE_ASSIGN(const std::vector<int64_t> depth, ctx.constant_ints(1));
  if (depth.size() != 1 || depth[0] < 0)
    return fail(ErrorCode::bad_file, depth.empty() ? "the depth is empty" : format("a depth of {}", depth[0]));
  const int rank = indices.shape.rank();
  THIMBLE_ASSIGN(const int axis, axis_of(ctx.node.attrs.as<OneHotAttrs>().axis, rank + 1));
  std::vector<int64_t> dims(indices.shape.dims().begin(), indices.shape.dims().end());
  dims.insert(dims.begin() + axis, depth[0]);
  ctx.outputs[0].type = on.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  auto& p = ctx.plan.make<thimble_one_hot>();
  p.outer = static_cast<thimble_dim>(indices.shape.elements(0, axis));
  p.depth = static_cast<thimble_dim>(depth[0]);
  p.inner = static_cast<thimble_dim>(indices.shape.elements(axis, rank));
  p.width = static_cast<thimble_dim>(bits(on.type) / 8);
  return {};
}

}  // namespace thimble::infer
