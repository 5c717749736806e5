#include <cmath>

#include "base/fixed_point.h"
#include "ops/compare/compare.h"

namespace thimble {

ComparisonForm comparison_form(Op op) {
  switch (op) {
    case Op::equal: return {Comparison::equal, false};
    case Op::not_equal: return {Comparison::not_equal, false};
    case Op::greater: return {Comparison::less, true};
    case Op::greater_equal: return {Comparison::less_equal, true};
    case Op::less: return {Comparison::less, false};
    default: return {Comparison::less_equal, false};
  }
}

namespace infer {
namespace {

Status expect_scale(const InferContext& ctx, const Tensor& t) {
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(t));
  if (!(t.quant.scale[0] < (t.type == DType::i16 ? 0x1p6f : 0x1p13f)))  // beyond, 32 bits overflow
    return fail(ErrorCode::unsupported, format("{}: scale {} is too large to compare", t.to_string(), t.quant.scale[0]),
                "dequantise and compare float32");
  const int32_t low = t.type == DType::u8 ? 0 : t.type == DType::i8 ? -128 : -32768;
  const int32_t zero = t.quant.zero_point[0], high = t.type == DType::i16 ? 32767 : low + 255;
  if (zero < low || zero > high)
    return fail(ErrorCode::bad_file, format("{}: zero point {} is out of range", t.to_string(), zero));
  return {};
}

}  // namespace

Status compare(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  const bool order = ctx.node.op != Op::equal && ctx.node.op != Op::not_equal;
  if (order)
    THIMBLE_TRY(ctx.expect_type(
        0, {DType::f32, DType::f16, DType::i32, DType::i64, DType::i16, DType::i8, DType::u8, DType::u64, DType::f64}));
  else
    THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::f16, DType::i32, DType::i64, DType::i16, DType::i8, DType::u8,
                                    DType::boolean, DType::u64, DType::f64}));
  const Tensor &a = ctx.in(0), &b = ctx.in(1);
  if (a.type != b.type)
    return fail(ErrorCode::bad_file, format("operands differ in type: {} and {}", a.to_string(), b.to_string()));
  THIMBLE_ASSIGN(const Shape shape, broadcast_shape(a.shape, b.shape));
  ctx.outputs[0] = {DType::boolean, shape};
  auto& plan = ctx.plan.make<thimble_compare>();
  plan.broadcast = plan_broadcast(a.shape, b.shape, shape);
  plan.a_constant = a.constant();
  plan.b_constant = b.constant();
  plan.scaled = a.type == DType::i8 || a.type == DType::u8 || (a.type == DType::i16 && !order && !a.quant.empty());
  if (!plan.scaled) return {};
  THIMBLE_TRY(expect_scale(ctx, a));
  THIMBLE_TRY(expect_scale(ctx, b));
  plan.a_zero = a.quant.zero_point[0];
  plan.b_zero = b.quant.zero_point[0];
  quantize_multiplier(a.quant.scale[0], &plan.a_multiplier, &plan.a_shift);
  quantize_multiplier(b.quant.scale[0], &plan.b_multiplier, &plan.b_shift);
  return {};
}

}  // namespace infer
}  // namespace thimble
