#include "ops/dropout/dropout.h"
#include "ops/op.h"

namespace thimble::infer {

Status dropout(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<DropoutAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32, DType::i64}));
  const float rate = ctx.node.attrs.as<DropoutAttrs>().rate;
  if (!(rate >= 0 && rate <= 0.9999f))
    return fail(ErrorCode::usage, format("dropout rate is {}", rate), "choose a rate from 0 to below 1");
  if (ctx.in(1).shape.elements() != 1)
    return fail(ErrorCode::internal, format("step counter {} must hold one value", ctx.in(1).to_string()));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  ctx.in_place = 1;
  return {};
}

}  // namespace thimble::infer
