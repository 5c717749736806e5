#include <algorithm>
#include <limits>

#include "ops/bucketize/bucketize.h"

namespace thimble::infer {

Status bucketize(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<BucketizeAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i32, DType::i64}));
  const auto& list = ctx.node.attrs.as<BucketizeAttrs>().boundaries;
  float last = -std::numeric_limits<float>::infinity();
  for (const int64_t bits : list) {
    if (bits < 0 || bits > UINT32_MAX || !(boundary_of(bits) >= last))
      return fail(ErrorCode::bad_file, format("the boundary {} follows on {}", boundary_of(bits), last));
    last = boundary_of(bits);
  }
  ctx.outputs[0] = {DType::i32, ctx.in(0).shape};
  auto& p = ctx.plan.make<thimble_bucketize>();
  p.count = static_cast<thimble_dim>(list.size());
  auto* boundaries = ctx.plan.array<float>(std::max<int64_t>(1, p.count));
  for (size_t i = 0; i < list.size(); ++i) boundaries[i] = boundary_of(list[i]);
  p.boundaries = boundaries;
  return {};
}

}  // namespace thimble::infer
