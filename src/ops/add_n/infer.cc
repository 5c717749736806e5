#include "ops/add_n/add_n.h"

namespace thimble::infer {

Status add_n(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, INT32_MAX, 1, ctx.arity()));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i32}));
  const Tensor& first = ctx.in(0);
  for (int i = 1; i < ctx.arity(); ++i)
    if (ctx.in(i).type != first.type || !(ctx.in(i).shape == first.shape))
      return fail(ErrorCode::bad_file, format("operands differ: {} and {}", first.to_string(), ctx.in(i).to_string()));
  ctx.outputs[0] = {first.type, first.shape};
  ctx.plan.make<thimble_add_n>().n = first.shape.elements();
  return {};
}

}  // namespace thimble::infer
