#include "ops/dynamic_update_slice/dynamic_update_slice.h"

namespace thimble::infer {

Status dynamic_update_slice(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_type(2, {DType::i32, DType::i64}));
  THIMBLE_TRY(ctx.expect_rank(2, 1, 1));
  const Tensor &x = ctx.in(0), &update = ctx.in(1), &start = ctx.in(2);
  const int rank = x.shape.rank();
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no update of {}", name(x.type)));
  if (update.type != x.type || update.shape.rank() != rank || start.shape[0] != rank)
    return fail(ErrorCode::bad_file,
                format("{} of {} at {} numbers", update.to_string(), x.to_string(), start.shape[0]));
  for (int d = 0; d < rank; ++d)
    if (update.shape[d] > x.shape[d])
      return fail(ErrorCode::bad_file,
                  format("dimension {} of {} is longer than that of {}", d, update.to_string(), x.to_string()));
  ctx.outputs[0] = {x.type, x.shape};
  ctx.in_place = 1;
  auto& p = ctx.plan.make<thimble_dynamic_update_slice>();
  const int64_t width = bits(x.type) / 8;
  const auto strides = dense_strides(x.shape);
  p.bytes = static_cast<thimble_dim>(x.bytes());
  p.rank = rank;
  for (int d = 0; d < rank; ++d) {
    p.strides[d] = static_cast<thimble_dim>(strides[static_cast<size_t>(d)] * width);
    p.most[d] = static_cast<thimble_dim>(x.shape[d] - update.shape[d]);
  }
  p.copy = plan_copy(update.shape, width, dense_strides(update.shape), strides);
  return {};
}

}  // namespace thimble::infer
