#include "ops/hashtable_lookup/hashtable_lookup.h"

namespace thimble::infer {

Status hashtable_lookup(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 2));
  THIMBLE_TRY(ctx.expect_type(0, {DType::i32}));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, 1));
  THIMBLE_TRY(ctx.expect_rank(1, 1, 1));
  THIMBLE_TRY(ctx.expect_rank(2, 1, Shape::kMaxRank));
  const Tensor& values = ctx.in(2);
  if (bits(values.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no look-up of {}", name(values.type)));
  const int64_t count = ctx.in(0).shape[0], keys = ctx.in(1).shape[0];
  if (keys != values.shape[0] || keys == 0)
    return fail(ErrorCode::bad_file, format("{} keys for the rows of {}", keys, values.to_string()));
  ctx.outputs[0] = {values.type, values.shape};
  std::vector<int64_t> dims(values.shape.dims().begin(), values.shape.dims().end());
  dims[0] = count;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  ctx.outputs[1] = {DType::u8, Shape{count}};
  auto& p = ctx.plan.make<thimble_hashtable_lookup>();
  p.count = static_cast<thimble_dim>(count);
  p.keys = static_cast<thimble_dim>(keys);
  p.bytes = static_cast<thimble_dim>(values.shape.elements(1, values.shape.rank()) * bits(values.type) / 8);
  return {};
}

}  // namespace thimble::infer
