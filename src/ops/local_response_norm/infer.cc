#include <cmath>

#include "ops/local_response_norm/local_response_norm.h"

namespace thimble::infer {

Status local_response_norm(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<LocalResponseNormAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 4, 4));
  const auto& a = ctx.node.attrs.as<LocalResponseNormAttrs>();
  if (a.radius < 0) return fail(ErrorCode::bad_file, format("radius {} is negative", a.radius));
  for (float v : {a.bias, a.alpha, a.beta})
    if (!std::isfinite(v))
      return fail(ErrorCode::bad_file, format("bias {}, alpha {}, beta {}: not finite", a.bias, a.alpha, a.beta));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  return {};
}

}  // namespace thimble::infer
