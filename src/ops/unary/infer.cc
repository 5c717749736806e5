#include <cmath>

#include "ops/unary/wide.h"

namespace thimble::infer {

Status unary(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(
      0, {DType::f32, DType::i8, DType::u8, DType::i16, DType::i32, DType::i64, DType::f64, DType::f16}));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  ctx.outputs[0] = {x.type, x.shape};
  ctx.in_place = 1;
  const Op op = ctx.node.op;
  if (op == Op::leaky_relu || op == Op::elu || op == Op::gelu) {
    THIMBLE_TRY(ctx.expect_attrs<UnaryAttrs>());
    const float alpha = ctx.node.attrs.as<UnaryAttrs>().alpha;
    if (!std::isfinite(alpha)) return fail(ErrorCode::bad_file, format("alpha is {}, must be finite", alpha));
  }
  const auto& attrs = ctx.node.attrs.as<UnaryAttrs>();
  if (x.type != DType::f32 && x.type != DType::i8 && x.type != DType::u8) return infer_unary_wide(ctx);
  auto& plan = ctx.plan.make<thimble_unary>();
  plan.n = x.shape.elements();
  plan.alpha = attrs.alpha;
  if (x.type == DType::f32) return {};
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
  if (y.type != x.type) return fail(ErrorCode::bad_file, format("output {} must have the input's type", y.to_string()));
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(y));
  // What is computed with a multiplier of the scales; the others are tables of the function itself.
  double ratio = static_cast<double>(x.quant.scale[0]) / y.quant.scale[0];
  if (op == Op::rsqrt) {
    ratio = 0x1p-10 / (std::sqrt(static_cast<double>(x.quant.scale[0])) * y.quant.scale[0]);
  } else if (op == Op::exp || op == Op::log || op == Op::elu || op == Op::gelu || op == Op::sigmoid || op == Op::tanh ||
             op == Op::sqrt || op == Op::neg) {
    ratio = 0;
  }
  if (!std::isfinite(ratio) || ratio >= 0x1p20)
    return fail(ErrorCode::bad_file, format("scales {} and {} are too far apart", x.quant.scale[0], y.quant.scale[0]));
  if (op == Op::hard_swish && x.quant.scale[0] * (1.0f / 128) > y.quant.scale[0])
    return fail(ErrorCode::bad_file,
                format("output scale {} is too small for input scale {}", y.quant.scale[0], x.quant.scale[0]));
  if (op == Op::sigmoid &&
      (y.quant.scale[0] != 1.0f / 256 || y.quant.zero_point[0] != (x.type == DType::u8 ? 0 : -128)))
    return fail(ErrorCode::bad_file,
                format("{}: the output must have scale 1/256 and the lowest zero point", y.to_string()));
  auto* table = ctx.plan.array<int8_t>(256);
  unary_table(unary_row(op, attrs), attrs.alpha, x.type, x.quant, y.quant, reinterpret_cast<uint8_t*>(table));
  plan.table = table;
  return {};
}

Status unary_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<UnaryGradAttrs>());
  for (int i = 0; i < 3; ++i) {
    THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
    if (!(ctx.in(i).shape == ctx.in(0).shape))
      return fail(ErrorCode::internal,
                  format("shapes differ: {} and {}", ctx.in(i).to_string(), ctx.in(0).to_string()));
  }
  const int row = ctx.node.attrs.as<UnaryGradAttrs>().row;
  if (row < 0 || row >= static_cast<int>(unary_rows().size())) return fail(ErrorCode::internal, "unknown function");
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  ctx.in_place = 7;
  return {};
}

}  // namespace thimble::infer
