#include "ops/index_list.h"
#include "ops/sparse_to_dense/sparse_to_dense.h"

namespace thimble::infer {

Status sparse_to_dense(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(4, 4, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::i32, DType::i64}));
  THIMBLE_TRY(ctx.expect_rank(0, 0, 2));
  THIMBLE_TRY(ctx.expect_rank(1, 1, 1));
  THIMBLE_TRY(ctx.expect_rank(2, 0, 1));
  const Tensor &indices = ctx.in(0), &values = ctx.in(2), &other = ctx.in(3);
  if (bits(values.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no places for {}", name(values.type)));
  if (other.type != values.type || other.shape.elements() != 1)
    return fail(ErrorCode::bad_file, format("the default {} must be one {}", other.to_string(), name(values.type)));
  THIMBLE_ASSIGN(const std::vector<int64_t> dims, ctx.constant_ints(1));
  ctx.outputs[0].type = values.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  const int64_t rank = std::ssize(dims);
  const int64_t given = indices.shape.rank() == 2 ? indices.shape[1] : 1;
  if (given != rank) return fail(ErrorCode::bad_file, format("{} coordinates for {} dimensions", given, rank));
  auto& p = ctx.plan.make<thimble_sparse_to_dense>();
  p.count = static_cast<thimble_dim>(indices.shape.rank() == 0 ? 1 : indices.shape[0]);
  p.rank = static_cast<thimble_dim>(rank);
  p.width = static_cast<thimble_dim>(bits(values.type) / 8);
  p.scalar = values.shape.rank() == 0;
  if (!p.scalar && values.shape[0] != p.count)
    return fail(ErrorCode::bad_file, format("{} for {}", values.to_string(), indices.to_string()));
  if (rank == 0) return {};
  return expect_inside(indices, [&](int64_t i) { return dims[static_cast<size_t>(i % rank)]; });
}

}  // namespace thimble::infer
