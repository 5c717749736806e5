#include "ops/l2_normalization/l2_normalization.h"

namespace thimble::infer {

Status l2_normalization(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  ctx.outputs[0] = {x.type, x.shape};
  auto& p = ctx.plan.make<thimble_l2_normalization>();
  p.n = x.shape.dim(-1);
  p.rows = x.shape.elements(0, x.shape.rank() - 1);
  if (x.type == DType::f32) return {};
  if (y.type != x.type) return fail(ErrorCode::bad_file, format("output {} must be {}", y.to_string(), name(x.type)));
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(y));
  const int32_t middle = x.type == DType::u8 ? 128 : 0;
  if (y.quant.scale[0] != 1.0f / 128 || y.quant.zero_point[0] != middle)
    return fail(ErrorCode::bad_file,
                format("{}: the output must have scale 1/128 and zero point {}", y.to_string(), middle));
  p.zero = x.quant.zero_point[0];
  if (p.zero < middle - 128 || p.zero > middle + 127)
    return fail(ErrorCode::bad_file, format("{}: zero point {} is out of range", x.to_string(), p.zero));
  if (p.n > 33025)
    return fail(ErrorCode::unsupported, format("{} values of {} in one sum of squares", p.n, name(x.type)),
                "dequantise the input first");
  return {};
}

}  // namespace thimble::infer
