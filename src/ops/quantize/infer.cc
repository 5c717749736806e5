#include <algorithm>
#include <cmath>

#include "ops/quantize/quantize.h"

namespace thimble::infer {
namespace {
bool integer(DType t) { return t == DType::i8 || t == DType::u8 || t == DType::i16; }

Status expect_scale(const InferContext& ctx, const Tensor& t) {
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(t));
  if (!std::isfinite(t.quant.scale[0]))
    return fail(ErrorCode::bad_file, format("{}: scale is not finite", t.to_string()));
  return {};
}
}  // namespace

Status quantize(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16}));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  if (!integer(y.type))
    return fail(ErrorCode::unsupported, format("output {} must be int8, uint8 or int16", y.to_string()));
  THIMBLE_TRY(expect_scale(ctx, y));
  if (integer(x.type)) {
    THIMBLE_TRY(expect_scale(ctx, x));
    const double ratio = static_cast<double>(x.quant.scale[0]) / y.quant.scale[0];
    if (!(ratio < 0x1p14))
      return fail(ErrorCode::bad_file,
                  format("scales {} and {} are too far apart", x.quant.scale[0], y.quant.scale[0]));
  }
  ctx.outputs[0] = {y.type, x.shape};
  return {};
}

Status dequantize(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::i8, DType::u8, DType::i16, DType::f16}));
  const Tensor& x = ctx.in(0);
  ctx.outputs[0] = {DType::f32, x.shape};
  if (x.type == DType::f16) return {};
  const Quantization& q = x.quant;
  if (q.empty()) return fail(ErrorCode::bad_file, format("{} has no scale", x.to_string()));
  if (q.per_axis() &&
      (q.axis < 0 || q.axis >= x.shape.rank() || x.shape[q.axis] != static_cast<int64_t>(q.scale.size())))
    return fail(ErrorCode::bad_file, format("{}: {} scales do not fit axis {}", x.to_string(), q.scale.size(), q.axis));
  return {};
}

Status cast(InferContext& ctx) {
  static constexpr std::initializer_list<DType> kTypes = {DType::f32, DType::f16, DType::i8,  DType::u8,
                                                          DType::i16, DType::i32, DType::i64, DType::boolean};
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, kTypes));
  const DType to = ctx.declared(0).type;
  if (std::find(kTypes.begin(), kTypes.end(), to) == kTypes.end())
    return fail(ErrorCode::unsupported, format("no cast to {}", name(to)));
  ctx.outputs[0] = {to, ctx.in(0).shape};
  return {};
}

}  // namespace thimble::infer
