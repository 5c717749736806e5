#include <algorithm>

#include "ops/unique/unique.h"

namespace thimble::infer {

Status unique(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 2));
  THIMBLE_TRY(ctx.expect_attrs<UniqueAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16, DType::i32, DType::i64}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, 1));
  THIMBLE_ASSIGN(const Tensor* known, ctx.constant(0));
  const Tensor& x = *known;
  if (x.type == DType::f32 && std::ranges::any_of(x.data.as<float>(), [](float v) { return v != v; }))
    return fail(ErrorCode::unsupported, format("{} has NaN, which equals nothing", x.to_string()));
  const int64_t n = x.shape[0];
  std::vector<int64_t> scratch(2 * static_cast<size_t>(n));
  const int64_t count = unique_entries(
      x.type, x.data.bytes, n, scratch.data(), [](void*, int64_t, int64_t, bool) {}, nullptr);
  ctx.scratch_bytes = 16 * n;
  ctx.outputs[0] = {x.type, Shape{count}};
  ctx.outputs[1] = {ctx.node.attrs.as<UniqueAttrs>().wide ? DType::i64 : DType::i32, x.shape};
  return {};
}

}  // namespace thimble::infer
