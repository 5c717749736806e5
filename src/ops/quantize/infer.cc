#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"
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

void plan_slices(Plan& plan, const Shape& shape, const Quantization& q, thimble_slices* slices) {
  const auto count = static_cast<int64_t>(q.scale.size());
  slices->count = count;
  slices->inner = count == 1 ? shape.elements() : shape.elements(q.axis + 1, shape.rank());
  auto* scale = plan.array<float>(count);
  auto* zero = plan.array<int32_t>(count);
  std::copy(q.scale.begin(), q.scale.end(), scale);
  std::copy_n(q.zero_point.begin(), std::min(q.zero_point.size(), q.scale.size()), zero);
  slices->scale = scale;
  slices->zero = zero;
}
}  // namespace

Status quantize(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16, DType::i32}));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  const bool to_32 = y.type == DType::i32 && x.type == DType::i16;
  if (!integer(y.type) && !to_32)
    return fail(ErrorCode::unsupported, format("output {} must be int8, uint8 or int16", y.to_string()));
  if ((x.type == DType::i32 || x.type == DType::i16) && y.type == DType::u8)
    return fail(ErrorCode::unsupported, format("no requantisation of {} to uint8", x.to_string()),
                "to int8, and that to uint8");
  Tensor result = y;  // before shapes are inferred y may have none
  result.shape = x.shape;
  THIMBLE_TRY(expect_scales(result));
  if (x.type != DType::f32) {
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
  auto& plan = ctx.plan.make<thimble_quantize>();
  plan.n = x.shape.elements();
  plan_slices(ctx.plan, x.shape, y.quant, &plan.y);
  plan.lo = y.type == DType::u8 ? 0 : y.type == DType::i16 ? -32768 : -128;
  plan.hi = y.type == DType::u8 ? 255 : y.type == DType::i16 ? 32767 : 127;
  if (y.type == DType::i32) {
    plan.lo = INT32_MIN;
    plan.hi = INT32_MAX;
  }
  if (x.type == DType::f32) return {};
  int shift;
  quantize_multiplier(static_cast<double>(x.quant.scale[0]) / static_cast<double>(y.quant.scale[0]), &plan.multiplier,
                      &shift);
  plan.shift = static_cast<int8_t>(shift);
  plan.x_zero = x.quant.zero_point[0];
  return {};
}

Status dequantize(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  const Tensor& x = ctx.in(0);
  // Constants of 4 bits are int8 where it runs (graph/int4.h).
  if (!x.constant() || (x.type != DType::i4 && x.type != DType::i32))
    THIMBLE_TRY(ctx.expect_type(0, {DType::i8, DType::u8, DType::i16, DType::f16}));
  ctx.outputs[0] = {DType::f32, x.shape};
  auto& plan = ctx.plan.make<thimble_dequantize>();
  plan.n = x.shape.elements();
  if (x.type == DType::f16) return {};
  THIMBLE_TRY(expect_scales(x));
  if (x.type == DType::i32 && std::ranges::any_of(x.quant.zero_point, [](int32_t z) { return z != 0; }))
    return fail(ErrorCode::unsupported, format("{}: the zero points of int32 must be 0", x.to_string()));
  plan_slices(ctx.plan, x.shape, x.quant, &plan.x);
  return {};
}

Status cast(InferContext& ctx) {
  static constexpr std::initializer_list<DType> kTypes = {
      DType::f32, DType::f16, DType::f64, DType::bf16, DType::i8,  DType::u8,      DType::i16,
      DType::u16, DType::i32, DType::u32, DType::i64,  DType::u64, DType::boolean, DType::c64};
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, kTypes));
  const DType to = ctx.declared(0).type;
  if (std::find(kTypes.begin(), kTypes.end(), to) == kTypes.end())
    return fail(ErrorCode::unsupported, format("no cast to {}", name(to)));
  ctx.outputs[0] = {to, ctx.in(0).shape};
  ctx.plan.make<thimble_cast>().n = ctx.in(0).shape.elements();
  return {};
}

}  // namespace thimble::infer

namespace {

void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_slices& s) {
  v.begin(name);
  v.number("count", s.count);
  v.number("elements of a slice", s.inner);
  v.array("scales", s.scale, s.scale ? s.count : 0);
  v.array("zero points", s.zero, s.zero ? s.count : 0);
  v.end();
}

}  // namespace

void fields(thimble::PlanVisitor& v, const thimble_quantize& p) {
  v.number("elements", p.n);
  fields(v, "y", p.y);
  v.number("low", p.lo);
  v.number("high", p.hi);
  v.number("zero point of x", p.x_zero);
  v.number("multiplier", p.multiplier);
  v.number("shift", p.shift);
}

void fields(thimble::PlanVisitor& v, const thimble_dequantize& p) {
  v.number("elements", p.n);
  fields(v, "x", p.x);
}
