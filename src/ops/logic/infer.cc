#include "ops/logic/logic.h"

namespace thimble::infer {

Status logic(InferContext& ctx) {
  const int operands = ctx.node.op == Op::logical_not ? 1 : 2;
  THIMBLE_TRY(ctx.expect_arity(operands, operands, 1));
  if (ctx.node.op == Op::bitwise_xor || ctx.node.op == Op::right_shift)
    THIMBLE_TRY(ctx.expect_type(
        0, {DType::i8, DType::u8, DType::i16, DType::u16, DType::i32, DType::u32, DType::i64, DType::u64}));
  else
    THIMBLE_TRY(ctx.expect_type(0, {DType::boolean}));
  const Tensor &a = ctx.in(0), &b = ctx.in(operands - 1);
  if (a.type != b.type)
    return fail(ErrorCode::bad_file, format("operands differ in type: {} and {}", a.to_string(), b.to_string()));
  THIMBLE_ASSIGN(const Shape shape, broadcast_shape(a.shape, b.shape));
  ctx.outputs[0] = {a.type, shape};
  ctx.in_place = (a.shape == shape ? 1u : 0u) | (operands > 1 && b.shape == shape ? 2u : 0u);
  ctx.plan.make<thimble_logic>().broadcast = plan_broadcast(a.shape, b.shape, shape);
  return {};
}

}  // namespace thimble::infer
