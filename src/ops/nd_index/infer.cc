#include "ops/index_list.h"
#include "ops/nd_index/nd_index.h"

namespace thimble::infer {
namespace {

// Indices [p…, k] into the first k dimensions of `into`.
Status places(InferContext& ctx, const Tensor& indices, const Shape& into, int64_t width) {
  const int rank = indices.shape.rank();
  if (rank < 1) return fail(ErrorCode::bad_file, format("{} must not be a scalar", indices.to_string()));
  const int64_t depth = indices.shape.dim(-1);
  if (depth > into.rank()) return fail(ErrorCode::bad_file, format("{} coordinates in {}", depth, into.to_string()));
  auto& p = ctx.plan.make<thimble_nd_index>();
  p.count = static_cast<thimble_dim>(indices.shape.elements(0, rank - 1));
  p.depth = static_cast<thimble_dim>(depth);
  for (int d = 0; d < depth; ++d) p.sizes[d] = static_cast<thimble_dim>(into[d]);
  p.bytes = static_cast<thimble_dim>(into.elements(static_cast<int>(depth), into.rank()) * width);
  if (depth == 0) return {};
  return expect_inside(indices, [&](int64_t i) { return into[static_cast<int>(i % depth)]; });
}

Status gather_nd(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32, DType::i64, DType::i16}));
  const Tensor &x = ctx.in(0), &indices = ctx.in(1);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no gathering of {}", name(x.type)));
  if (x.quant.per_axis())
    return fail(ErrorCode::unsupported, format("{}: no gathering of per-axis quantised values", x.to_string()));
  THIMBLE_TRY(places(ctx, indices, x.shape, bits(x.type) / 8));
  const auto picked = indices.shape.dims(), kept = x.shape.dims();
  std::vector<int64_t> dims(picked.begin(), picked.end() - 1);
  dims.insert(dims.end(), kept.begin() + indices.shape.dim(-1), kept.end());
  ctx.outputs[0].type = x.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  return {};
}

Status scatter_nd(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::i32, DType::i64}));
  THIMBLE_TRY(ctx.expect_type(1, {DType::f32, DType::i8, DType::u8, DType::i32, DType::i64, DType::boolean}));
  THIMBLE_TRY(ctx.expect_rank(2, 1, 1));
  const Tensor &indices = ctx.in(0), &updates = ctx.in(1);
  THIMBLE_ASSIGN(const std::vector<int64_t> dims, ctx.constant_ints(2));
  ctx.outputs[0].type = updates.type;
  THIMBLE_ASSIGN(const Shape shape, Shape::make(std::span<const int64_t>(dims)));
  ctx.outputs[0].shape = shape;
  THIMBLE_TRY(places(ctx, indices, shape, bits(updates.type) / 8));
  const auto picked = indices.shape.dims(), kept = shape.dims();
  std::vector<int64_t> wanted(picked.begin(), picked.end() - 1);
  wanted.insert(wanted.end(), kept.begin() + indices.shape.dim(-1), kept.end());
  if (!std::ranges::equal(wanted, updates.shape.dims()))
    return fail(ErrorCode::bad_file,
                format("updates {} at {} of {}", updates.to_string(), indices.to_string(), shape.to_string()));
  return {};
}

}  // namespace

Status nd_index(InferContext& ctx) { return ctx.node.op == Op::gather_nd ? gather_nd(ctx) : scatter_nd(ctx); }

}  // namespace thimble::infer
