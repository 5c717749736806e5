#include <cmath>

#include "base/fixed_point.h"
#include "base/numbers.h"
#include "ops/recurrent.h"
#include "ops/svdf/svdf.h"

namespace thimble {
namespace infer {
namespace {

using namespace svdf_input;

Status multiplier(double real, int32_t* value, int8_t* shift) {
  if (!(real < 0x1p30)) return fail(ErrorCode::bad_file, format("effective scale {} is out of range", real));
  int power;
  quantize_multiplier(real, value, &power);
  *shift = static_cast<int8_t>(power);
  return {};
}

Status plan_integers(InferContext& ctx, SvdfPlan* p) {
  const Tensor &x = ctx.in(kX), &wf = ctx.in(kFeature), &wt = ctx.in(kTime), &state = ctx.in(kState),
               &y = ctx.declared(0);
  for (const Tensor* t : {&x, &wt, &state, &y}) THIMBLE_TRY(ctx.expect_per_tensor_quantized(*t));
  for (const Tensor* t : {&wt, &state})
    if (t->quant.zero_point[0] != 0)
      return fail(ErrorCode::unsupported, format("{} must have zero point 0", t->to_string()));
  p->x_zero = x.quant.zero_point[0];
  p->y_zero = y.quant.zero_point[0];
  const auto scale = [](const Tensor& t) { return t.quant.scale[0]; };
  THIMBLE_TRY(
      multiplier(static_cast<double>(scale(x) * scale(wf) / scale(state)), &p->state_multiplier, &p->state_shift));
  return multiplier(static_cast<double>(scale(state) * scale(wt) / scale(y)), &p->y_multiplier, &p->y_shift);
}

}  // namespace

Status svdf(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(5, 5, 1, 3));
  THIMBLE_TRY(ctx.expect_attrs<SvdfAttrs>());
  const auto& attrs = ctx.node.attrs.as<SvdfAttrs>();
  for (int i : {kX, kFeature, kTime}) THIMBLE_TRY(ctx.expect_rank(i, 2, 2));
  const Shape &x = ctx.in(kX).shape, &wf = ctx.in(kFeature).shape, &wt = ctx.in(kTime).shape;
  auto& p = ctx.plan.make<SvdfPlan>();
  p.batch = x[0];
  p.inputs = x[1];
  p.filters = wf[0];
  p.memory = wt[1];
  p.rank = attrs.rank;
  if (p.batch < 1 || p.inputs < 1 || p.filters < 1 || p.memory < 1)
    return fail(ErrorCode::bad_file,
                format("input {}, weights {} or {} have an empty dimension", ctx.in(kX).to_string(),
                       ctx.in(kFeature).to_string(), ctx.in(kTime).to_string()));
  if (p.rank < 1 || p.filters % p.rank != 0)
    return fail(ErrorCode::bad_file, format("{} filters do not divide into units of rank {}", p.filters, p.rank));
  const DType type = ctx.in(kX).type, weights = ctx.in(kFeature).type;
  const bool integer = type == DType::i8, hybrid = type == DType::f32 && weights == DType::i8;
  if (!hybrid && !(integer && weights == DType::i8) && !(type == DType::f32 && weights == DType::f32))
    return fail(ErrorCode::unsupported,
                format("no kernel for input {} with weights {}", ctx.in(kX).to_string(), ctx.in(kFeature).to_string()),
                "float32 × float32, float32 × int8 (hybrid) and int8 × int8 are supported");
  THIMBLE_TRY(recurrent::expect_matrix(ctx, kFeature, weights, Shape{p.filters, p.inputs}));
  if (integer) {
    THIMBLE_TRY(recurrent::expect_shape(ctx, kTime, Shape{p.filters, p.memory}));
    THIMBLE_TRY(ctx.expect_type(kTime, {DType::i16, DType::i8}));
  } else {
    THIMBLE_TRY(recurrent::expect_matrix(ctx, kTime, weights, Shape{p.filters, p.memory}));
  }
  int64_t cells;
  if (!checked_mul(p.filters, p.memory, &cells) || !checked_mul(p.batch * p.filters, p.inputs + p.memory, &ctx.macs))
    return fail(ErrorCode::bad_file, format("{} filters with a memory of {} overflow", p.filters, p.memory));
  THIMBLE_TRY(recurrent::expect_state(ctx, kState, integer ? ctx.in(kTime).type : DType::f32, Shape{p.batch, cells}));
  if (ctx.has(kBias)) {
    THIMBLE_TRY(recurrent::expect_shape(ctx, kBias, Shape{p.filters / p.rank}));
    THIMBLE_TRY(ctx.expect_type(kBias, {integer ? DType::i32 : DType::f32}));
  }
  if (integer && attrs.activation != Activation::relu)
    return fail(ErrorCode::unsupported, format("integers with the activation {}", name(attrs.activation)),
                "TensorFlow Lite has relu alone");
  if (integer && ctx.declared(0).type == DType::i8) THIMBLE_TRY(plan_integers(ctx, &p));
  ctx.outputs[0] = {type, Shape{p.batch, p.filters / p.rank}};
  ctx.scratch_bytes = hybrid ? p.inputs : 0;  // a quantised row
  return {};
}

}  // namespace infer

void fields(PlanVisitor& v, const SvdfPlan& p) {
  v.number("batch", p.batch);
  v.number("inputs", p.inputs);
  v.number("filters", p.filters);
  v.number("memory", p.memory);
  v.number("rank", p.rank);
  v.number("zero point of x", p.x_zero);
  v.number("zero point of y", p.y_zero);
  v.number("multiplier to the state", p.state_multiplier);
  v.number("shift to the state", p.state_shift);
  v.number("multiplier to y", p.y_multiplier);
  v.number("shift to y", p.y_shift);
}

}  // namespace thimble
