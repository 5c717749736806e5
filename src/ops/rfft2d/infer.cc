#include "base/numbers.h"
#include "ops/rfft2d/rfft2d.h"

namespace thimble::infer {

Status rfft2d(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 2, Shape::kMaxRank));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32}));
  THIMBLE_ASSIGN(const std::vector<int64_t> lengths, ctx.constant_ints(1));
  if (lengths.size() != 2)
    return fail(ErrorCode::bad_file, format("{} holds {} lengths, not 2", ctx.in(1).to_string(), lengths.size()));
  for (const int64_t n : lengths)
    if (n < 1 || (n & (n - 1)) != 0)
      return fail(ErrorCode::unsupported, format("a transform of length {}, which is not a power of two", n),
                  "fill the input up to the next power of two");
  const Shape& x = ctx.in(0).shape;
  std::vector<int64_t> dims(x.dims().begin(), x.dims().end() - 2);
  dims.push_back(lengths[0]);
  dims.push_back(lengths[1] / 2 + 1);
  ctx.outputs[0].type = DType::c64;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  auto& p = ctx.plan.make<thimble_rfft2d>();
  p.matrices = static_cast<thimble_dim>(x.elements(0, x.rank() - 2));
  p.rows = static_cast<thimble_dim>(x.dim(-2));
  p.columns = static_cast<thimble_dim>(x.dim(-1));
  p.height = static_cast<thimble_dim>(lengths[0]);
  p.width = static_cast<thimble_dim>(lengths[1]);
  int64_t numbers = 0;  // complex ones of two doubles
  if (!checked_mul(rfft2d_bins(p), lengths[0], &numbers) ||
      !checked_mul(numbers + 2 * rfft2d_longest(p), 2 * static_cast<int64_t>(sizeof(double)), &ctx.scratch_bytes))
    return fail(ErrorCode::unsupported, format("a transform of {} × {}", lengths[0], lengths[1]));
  return {};
}

}  // namespace thimble::infer
