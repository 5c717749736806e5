#include "ops/where/where.h"

namespace thimble {

bool holds_at(DType type, const void* x, int64_t i) {
  switch (bits(type)) {
    case 64: return static_cast<const int64_t*>(x)[i] != 0;
    case 32:
      return type == DType::f32 ? static_cast<const float*>(x)[i] != 0.0f : static_cast<const int32_t*>(x)[i] != 0;
    default: return static_cast<const uint8_t*>(x)[i] != 0;
  }
}

namespace infer {

Status where(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(
      ctx.expect_type(0, {DType::boolean, DType::f32, DType::i8, DType::u8, DType::i32, DType::i64, DType::u32}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  THIMBLE_ASSIGN(const Tensor* known, ctx.constant(0));
  const Tensor& x = *known;
  int64_t count = 0;
  for (int64_t i = 0; i < x.shape.elements(); ++i) count += holds_at(x.type, x.data.bytes, i);
  ctx.outputs[0] = {DType::i64, Shape{count, x.shape.rank()}};
  return {};
}

}  // namespace infer
}  // namespace thimble
