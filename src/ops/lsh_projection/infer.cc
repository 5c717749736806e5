#include "ops/lsh_projection/lsh_projection.h"

namespace thimble::infer {

Status lsh_projection(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<LshProjectionAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 2, 2));
  THIMBLE_TRY(ctx.expect_rank(1, 1, Shape::kMaxRank));
  const Tensor &hash = ctx.in(0), &x = ctx.in(1);
  const bool dense = ctx.node.attrs.as<LshProjectionAttrs>().dense;
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no hashes of {}", name(x.type)));
  const int64_t most = dense ? 32 : 31;
  if (hash.shape[1] > most)
    return fail(hash.shape[1] > 32 ? ErrorCode::bad_file : ErrorCode::unsupported,
                format("hashes of {} bits; at most {}", hash.shape[1], most));
  if (x.shape[0] < 1) return fail(ErrorCode::bad_file, format("{} has no items", x.to_string()));
  if (ctx.has(2)) {
    THIMBLE_TRY(ctx.expect_type(2, {DType::f32}));
    THIMBLE_TRY(ctx.expect_rank(2, 1, 1));
    if (ctx.in(2).shape[0] != x.shape[0])
      return fail(ErrorCode::bad_file, format("weights {} of {}", ctx.in(2).to_string(), x.to_string()));
  }
  const int64_t dims[] = {dense ? hash.shape.elements() : hash.shape[0]};
  ctx.outputs[0].type = DType::i32;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  auto& p = ctx.plan.make<thimble_lsh_projection>();
  p.hashes = static_cast<thimble_dim>(hash.shape[0]);
  p.bits = static_cast<thimble_dim>(hash.shape[1]);
  p.items = static_cast<thimble_dim>(x.shape[0]);
  p.bytes = static_cast<thimble_dim>(x.shape.elements(1, x.shape.rank()) * bits(x.type) / 8);
  ctx.scratch_bytes = 4 + p.bytes;
  return {};
}

}  // namespace thimble::infer
