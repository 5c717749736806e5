#include <algorithm>

#include "ops/matrix_diag/matrix_diag.h"

namespace thimble::infer {

Status matrix_diag(InferContext& ctx) {
  const bool sets = ctx.node.op == Op::matrix_set_diag;
  THIMBLE_TRY(ctx.expect_arity(sets ? 2 : 1, sets ? 2 : 1, 1));
  THIMBLE_TRY(ctx.expect_rank(0, sets ? 2 : 1, sets ? Shape::kMaxRank : Shape::kMaxRank - 1));
  const Tensor& x = ctx.in(0);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no diagonals of {}", name(x.type)));
  const int rank = x.shape.rank();
  std::vector<int64_t> dims(x.shape.dims().begin(), x.shape.dims().end());
  if (sets) {
    const Tensor& diagonal = ctx.in(1);
    dims.pop_back();
    dims.back() = std::min(x.shape.dim(-1), x.shape.dim(-2));
    if (diagonal.type != x.type || !std::ranges::equal(dims, diagonal.shape.dims()))
      return fail(ErrorCode::bad_file, format("{} is not the diagonal of {}", diagonal.to_string(), x.to_string()));
    dims.assign(x.shape.dims().begin(), x.shape.dims().end());
    ctx.in_place = 1;
  } else {
    dims.push_back(x.shape.dim(-1));
  }
  ctx.outputs[0].type = x.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  auto& p = ctx.plan.make<thimble_matrix_diag>();
  p.batches = static_cast<thimble_dim>(x.shape.elements(0, sets ? rank - 2 : rank - 1));
  p.columns = static_cast<thimble_dim>(x.shape.dim(-1));
  p.rows = static_cast<thimble_dim>(x.shape.dim(sets ? -2 : -1));
  p.width = static_cast<thimble_dim>(bits(x.type) / 8);
  return {};
}

}  // namespace thimble::infer
