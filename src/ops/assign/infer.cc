#include "ops/assign/assign.h"

namespace thimble::infer {

Status assign(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 0));
  THIMBLE_TRY(ctx.expect_attrs<AssignAttrs>());
  const Tensor &variable = ctx.in(0), &value = ctx.in(1);
  if (!variable.variable) return fail(ErrorCode::bad_file, format("{} is not a variable", variable.to_string()));
  if (bits(variable.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no variables of {}", name(value.type)));
  if (variable.type == value.type && variable.shape == value.shape && variable.quant == value.quant) return {};
  return fail(ErrorCode::bad_file, format("the variable {} cannot hold {}", variable.to_string(), value.to_string()));
}

}  // namespace thimble::infer
