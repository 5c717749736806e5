#include <algorithm>
#include <cmath>

#include "ops/quantize/quantize.h"

namespace thimble::infer {
namespace {
bool integer(DType t) { return t == DType::i8 || t == DType::u8 || t == DType::i16; }

// One scale, or one per slice of an axis, all of them positive.
Status expect_scales(const Tensor& t) {
  const Quantization& q = t.quant;
  if (q.empty()) return fail(ErrorCode::bad_file, format("{} has no scale", t.to_string()));
  if (q.per_axis() &&
      (q.axis < 0 || q.axis >= t.shape.rank() || t.shape[q.axis] != static_cast<int64_t>(q.scale.size())))
    return fail(ErrorCode::bad_file, format("{}: {} scales do not fit axis {}", t.to_string(), q.scale.size(), q.axis));
  for (float scale : q.scale)
    if (!std::isfinite(scale) || scale <= 0)
      return fail(ErrorCode::bad_file, format("{}: scale {} must be positive and finite", t.to_string(), scale));
  return {};
}
}  // namespace

Status quantize(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16}));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  if (!integer(y.type))
    return fail(ErrorCode::unsupported, format("output {} must be int8, uint8 or int16", y.to_string()));
  Tensor result = y;  // before shapes are inferred y may have none
  result.shape = x.shape;
  THIMBLE_TRY(expect_scales(result));
  if (integer(x.type)) {
    THIMBLE_TRY(expect_scales(x));
    for (const Tensor* t : {&x, &y})
      if (t->quant.per_axis())
        return fail(ErrorCode::unsupported,
                    format("no requantisation per channel: {} to {}", x.to_string(), y.to_string()),
                    "dequantise to float32 and quantise that");
    const double ratio = static_cast<double>(x.quant.scale[0]) / y.quant.scale[0];
    if (!(ratio < 0x1p14))
      return fail(ErrorCode::bad_file,
                  format("scales {} and {} are too far apart", x.quant.scale[0], y.quant.scale[0]));
  }
  ctx.outputs[0] = {y.type, x.shape};
  ctx.in_place = bits(x.type) == bits(y.type) ? 1 : 0;
  return {};
}

Status dequantize(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  const Tensor& x = ctx.in(0);
  // Constants of 4 bits are int8 where it runs (graph/int4.h).
  if (x.type != DType::i4 || !x.constant())
    THIMBLE_TRY(ctx.expect_type(0, {DType::i8, DType::u8, DType::i16, DType::f16}));
  ctx.outputs[0] = {DType::f32, x.shape};
  return x.type == DType::f16 ? Status{} : expect_scales(x);
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
