#include "base/numbers.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/weighted.h"

namespace thimble::infer {

Status fully_connected(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<FullyConnectedAttrs>());
  const auto& attrs = ctx.node.attrs.as<FullyConnectedAttrs>();
  const Tensor &x = ctx.in(0), &w = ctx.in(1);
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  THIMBLE_TRY(ctx.expect_rank(1, 2, 2));
  const int64_t outputs = w.shape[0], inputs = w.shape[1];
  if (outputs < 1 || inputs < 1)
    return fail(ErrorCode::bad_file, format("weights {} have an empty dimension", w.to_string()));
  const int64_t elements = x.shape.elements();
  if (elements % inputs != 0 || (attrs.keep_num_dims && x.shape.dim(-1) != inputs))
    return fail(ErrorCode::bad_file,
                format("input {} does not divide into rows of {} (weights {})", x.to_string(), inputs, w.to_string()));
  THIMBLE_ASSIGN(ctx.outputs[0].type, check_weighted(ctx, outputs, 0));
  if (attrs.keep_num_dims) {
    ctx.outputs[0].shape = x.shape;
    ctx.outputs[0].shape.set(x.shape.rank() - 1, outputs);
  } else {
    const int64_t dims[] = {elements / inputs, outputs};
    THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  }
  if (!checked_mul(elements, outputs, &ctx.macs))
    return fail(ErrorCode::unsupported, format("{} outputs for each row of {}", outputs, x.to_string()));
  // Hybrid: one quantised row of x.
  ctx.scratch_bytes = inputs;
  return {};
}

}  // namespace thimble::infer
