#include "ops/complex/complex.h"

namespace thimble::infer {

Status complex(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::c64}));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  ctx.plan.make<thimble_complex>().n = ctx.in(0).shape.elements();
  return {};
}

}  // namespace thimble::infer
