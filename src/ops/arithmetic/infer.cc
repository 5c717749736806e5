#include <algorithm>

#include "ops/arithmetic/arithmetic.h"
#include "ops/number_types.h"

namespace thimble::infer {
namespace {

// What LiteRT ends with an error for whenever it runs; of a constant it is known before.
Status expect_defined(Op op, const Tensor& b) {
  if (!b.constant() || op == Op::atan2 || ((b.type == DType::f32 || b.type == DType::f64) && op != Op::floor_div))
    return {};
  Status status;
  with_number(b.type, [&]<class T>(T) {
    const auto values = b.data.as<T>();
    const auto bad = std::ranges::find_if(values, [&](T v) { return op == Op::pow ? v < T(0) : v == T(0); });
    if (bad != values.end())
      status = fail(ErrorCode::bad_file,
                    format("element {} of the constant {} is {}", bad - values.begin(), b.to_string(),
                           op == Op::pow ? "a negative exponent of integers" : "zero, a divisor"),
                    "there is no such result: change the constant");
  });
  return status;
}

}  // namespace

Status arithmetic(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  const Op op = ctx.node.op;
  switch (op) {
    case Op::pow: THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i32, DType::i64, DType::f64})); break;
    case Op::floor_div: THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::i16, DType::i32})); break;
    case Op::atan2: THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::f64})); break;
    default:
      THIMBLE_TRY(
          ctx.expect_type(0, {DType::f32, DType::i8, DType::i16, DType::i32, DType::i64, DType::u64, DType::f64}));
  }
  const Tensor &a = ctx.in(0), &b = ctx.in(1);
  if (a.type != b.type)
    return fail(ErrorCode::bad_file, format("operands differ in type: {} and {}", a.to_string(), b.to_string()));
  if (op == Op::atan2 && !(a.shape == b.shape))
    return fail(ErrorCode::unsupported,
                format("atan2 of {} and {}: shapes must be equal", a.to_string(), b.to_string()));
  if ((a.type == DType::i8 || a.type == DType::i16) && (!a.quant.empty() || !b.quant.empty()))
    return fail(ErrorCode::unsupported, format("{} has scales, which {} does not know", a.to_string(), name(op)),
                "dequantise the operands to float32 first");
  THIMBLE_ASSIGN(const Shape shape, broadcast_shape(a.shape, b.shape));
  ctx.outputs[0] = {a.type, shape};
  ctx.in_place = (a.shape == shape ? 1u : 0u) | (b.shape == shape ? 2u : 0u);
  ctx.plan.make<thimble_arithmetic>().broadcast = plan_broadcast(a.shape, b.shape, shape);
  return expect_defined(op, b);
}

}  // namespace thimble::infer
