#include "base/numbers.h"
#include "ops/dilate/dilate.h"

namespace thimble::infer {

Status dilate(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<DilateAttrs>());
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  const Tensor &x = ctx.in(0), &value = ctx.in(2);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no dilation of {}", name(x.type)));
  if (value.type != x.type || value.shape.elements() != 1)
    return fail(ErrorCode::bad_file, format("padding value {} must be one {}", value.to_string(), name(x.type)));
  THIMBLE_ASSIGN(const std::vector<int64_t> dilations, ctx.constant_ints(1));
  if (static_cast<int>(dilations.size()) != x.shape.rank())
    return fail(ErrorCode::bad_file, format("{} dilations for {}", dilations.size(), x.to_string()));
  std::vector<int64_t> dims;
  for (int d = 0; d < x.shape.rank(); ++d) {
    const int64_t by = dilations[static_cast<size_t>(d)];
    if (by < 1) return fail(ErrorCode::bad_file, format("dilation {} along axis {} is below 1", by, d));
    int64_t size = 0;
    if (x.shape[d] > 0 && (!checked_mul(x.shape[d] - 1, by, &size) || !checked_add(size, 1, &size)))
      return fail(ErrorCode::bad_file, format("dilation {} of {} overflows", by, x.to_string()));
    dims.push_back(size);
  }
  ctx.outputs[0].type = x.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  return {};
}

}  // namespace thimble::infer
