#include "ops/index_list.h"
#include "ops/topk_v2/topk_v2.h"

namespace thimble::infer {

Status topk_v2(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 2));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16, DType::i32, DType::i64}));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32, DType::i16}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  const Tensor &x = ctx.in(0), &given = ctx.in(1);
  if (given.shape.elements() != 1) return fail(ErrorCode::bad_file, format("k is {}", given.to_string()));
  THIMBLE_TRY(ctx.constant(1));
  const int64_t k = index_at(given.type, given.data.bytes, 0), columns = x.shape.dim(-1);
  if (k < 0 || k > columns) return fail(ErrorCode::bad_file, format("the largest {} of {} entries", k, columns));
  if (columns > INT32_MAX) return fail(ErrorCode::unsupported, format("an axis of {} entries", columns));
  const bool narrow = ctx.declared(1).type == DType::i16;
  if (narrow && columns > INT16_MAX) return fail(ErrorCode::bad_file, format("int16 indices into {} entries", columns));
  ctx.outputs[0] = {x.type, x.shape};
  ctx.outputs[0].shape.set(x.shape.rank() - 1, k);
  ctx.outputs[1] = {narrow ? DType::i16 : DType::i32, ctx.outputs[0].shape};
  auto& p = ctx.plan.make<thimble_topk>();
  p.rows = static_cast<thimble_dim>(x.shape.elements(0, x.shape.rank() - 1));
  p.columns = static_cast<thimble_dim>(columns);
  p.k = static_cast<thimble_dim>(k);
  ctx.scratch_bytes = columns * 4;
  return {};
}

}  // namespace thimble::infer
