#include "ops/embedding_lookup_sparse/embedding_lookup_sparse.h"
#include "ops/index_list.h"

namespace thimble::infer {

Status embedding_lookup_sparse(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(5, 5, 1));
  THIMBLE_TRY(ctx.expect_attrs<EmbeddingLookupSparseAttrs>());
  for (const int i : {0, 1, 2}) THIMBLE_TRY(ctx.expect_type(i, {DType::i32}));
  for (const int i : {3, 4}) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  for (const int i : {0, 2, 3}) THIMBLE_TRY(ctx.expect_rank(i, 1, 1));
  THIMBLE_TRY(ctx.expect_rank(1, 2, 2));
  THIMBLE_TRY(ctx.expect_rank(4, 2, Shape::kMaxRank));
  const Tensor &ids = ctx.in(0), &indices = ctx.in(1), &weights = ctx.in(3), &table = ctx.in(4);
  THIMBLE_ASSIGN(const std::vector<int64_t> dense, ctx.constant_ints(2));
  const int64_t count = ids.shape[0], rank = std::ssize(dense);
  if (indices.shape[0] != count || weights.shape[0] != count || indices.shape[1] != rank || rank < 1 ||
      rank > Shape::kMaxRank)
    return fail(ErrorCode::bad_file, format("{} ids, indices {}, weights {} and {} sizes", count, indices.to_string(),
                                            weights.to_string(), rank));
  std::vector<int64_t> dims(dense.begin(), dense.end() - 1);
  dims.insert(dims.end(), table.shape.dims().begin() + 1, table.shape.dims().end());
  ctx.outputs[0].type = DType::f32;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  THIMBLE_TRY(expect_inside(ids, [&](int64_t) { return table.shape[0]; }));
  THIMBLE_TRY(expect_inside(indices, [&](int64_t i) {
    return i % rank == rank - 1 ? int64_t{INT32_MAX} + 1 : dense[static_cast<size_t>(i % rank)];
  }));
  auto& p = ctx.plan.make<thimble_embedding_lookup_sparse>();
  p.count = static_cast<thimble_dim>(count);
  p.rows = static_cast<thimble_dim>(table.shape[0]);
  p.columns = static_cast<thimble_dim>(table.shape.elements(1, table.shape.rank()));
  p.rank = static_cast<thimble_dim>(rank);
  for (size_t d = 0; d < dense.size(); ++d) p.sizes[d] = static_cast<thimble_dim>(dense[d]);
  return {};
}

}  // namespace thimble::infer
