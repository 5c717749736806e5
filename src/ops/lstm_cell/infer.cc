#include <cmath>

#include "base/fixed_point.h"
#include "base/numbers.h"
#include "ops/lstm_cell/lstm_cell.h"

namespace thimble {
namespace infer {
namespace {

Status full(InferContext& ctx, const LstmCellAttrs& attrs) {
  THIMBLE_TRY(ctx.expect_arity(20, 24, 1, 1));
  THIMBLE_TRY(ctx.expect_rank(0, 2, 2));
  const Shape& x = ctx.in(0).shape;
  auto& p = ctx.plan.make<lstm_forms::Plan>();
  p.batch = x[0];
  p.time = p.step = p.sample = 1;
  p.inputs = x[1];
  THIMBLE_TRY(lstm_forms::check(ctx, lstm_forms::kFull,
                                {attrs.activation, attrs.cell_clip, attrs.proj_clip, attrs.asymmetric_quantize_inputs},
                                &p));
  if (p.integer && ctx.node.intermediates.size() == 12)
    return fail(ErrorCode::unsupported, "LSTM of integers with 8-bit gates (12 intermediate tensors)",
                "those with 16-bit gates (5 intermediate tensors) are supported");
  if (p.integer && ctx.declared(0).type == DType::i8) THIMBLE_TRY(ctx.expect_per_tensor_quantized(ctx.declared(0)));
  ctx.outputs[0] = {ctx.in(0).type, Shape{p.batch, p.outputs}};
  THIMBLE_ASSIGN(ctx.scratch_bytes, lstm_forms::scratch_bytes(p, &ctx.macs));
  return {};
}

Status check_bytes(InferContext& ctx, basic_lstm::Plan* p) {
  using namespace basic_lstm;
  for (int i : {kX, kHidden}) {
    THIMBLE_TRY(ctx.expect_per_tensor_quantized(ctx.in(i)));
    if (ctx.in(i).quant.zero_point[0] != 128 || ctx.in(i).quant.scale[0] != 1.0f / 128)
      return fail(ErrorCode::unsupported, format("{} must have scale 1/128 and zero point 128", ctx.in(i).to_string()));
  }
  for (int i : {kWeights, kBias, kCell}) THIMBLE_TRY(ctx.expect_per_tensor_quantized(ctx.in(i)));
  if (ctx.in(kCell).quant.scale[0] != 0x1p-11f || ctx.in(kCell).quant.zero_point[0] != 0)
    return fail(ErrorCode::unsupported, format("{} must have scale 2^-11", ctx.in(kCell).to_string()));
  p->weights_zero = ctx.in(kWeights).quant.zero_point[0];
  const double real = static_cast<double>(4096 * ctx.in(kBias).quant.scale[0]);
  if (!(real < 0x1p30)) return fail(ErrorCode::bad_file, format("effective scale {} is out of range", real));
  int shift;
  quantize_multiplier(real, &p->multiplier, &shift);
  p->shift = static_cast<int8_t>(shift);
  return {};
}

Status basic(InferContext& ctx) {
  using namespace basic_lstm;
  THIMBLE_TRY(ctx.expect_arity(5, 5, 4));
  for (int i : {kX, kHidden}) THIMBLE_TRY(ctx.expect_rank(i, 2, 2));
  const DType type = ctx.in(kX).type;
  const bool bytes = type == DType::u8;
  if (!bytes) THIMBLE_TRY(ctx.expect_type(kX, {DType::f32}));
  auto& p = ctx.plan.make<basic_lstm::Plan>();
  p.batch = ctx.in(kX).shape[0];
  p.inputs = ctx.in(kX).shape[1];
  p.units = ctx.in(kHidden).shape[1];
  if (p.batch < 1 || p.inputs < 1 || p.units < 1)
    return fail(ErrorCode::bad_file, format("input {} or state {} has an empty dimension", ctx.in(kX).to_string(),
                                            ctx.in(kHidden).to_string()));
  int64_t rows, columns;
  if (!checked_mul(4, p.units, &rows) || !checked_add(p.inputs, p.units, &columns) ||
      !checked_mul(p.batch, rows, &ctx.macs) || !checked_mul(ctx.macs, columns, &ctx.macs))
    return fail(ErrorCode::bad_file, format("{} units overflow", p.units));
  const auto expect = [&](int i, DType wanted, const Shape& shape) -> Status {
    THIMBLE_TRY(recurrent::expect_shape(ctx, i, shape));
    return ctx.expect_type(i, {wanted});
  };
  THIMBLE_TRY(expect(kHidden, type, Shape{p.batch, p.units}));
  THIMBLE_TRY(expect(kWeights, type, Shape{rows, columns}));
  THIMBLE_TRY(expect(kBias, bytes ? DType::i32 : DType::f32, Shape{rows}));
  THIMBLE_TRY(expect(kCell, bytes ? DType::i16 : DType::f32, Shape{p.batch, p.units}));
  if (ctx.node.inputs[kHidden] == ctx.node.inputs[kCell])
    return fail(ErrorCode::bad_file, "activation state and cell state are the same tensor");
  p.keeps_hidden = ctx.in(kHidden).variable;
  p.keeps_cell = ctx.in(kCell).variable;
  if (bytes) THIMBLE_TRY(check_bytes(ctx, &p));
  const DType wide = bytes ? DType::i16 : DType::f32;
  ctx.outputs[kNewHidden] = {type, Shape{p.batch, p.units}};
  ctx.outputs[kNewCell] = {wide, Shape{p.batch, p.units}};
  ctx.outputs[kConcatenated] = {type, Shape{p.batch, columns}};
  ctx.outputs[kGates] = {wide, Shape{p.batch, rows}};
  return {};
}

}  // namespace

Status lstm_cell(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_attrs<LstmCellAttrs>());
  const auto& attrs = ctx.node.attrs.as<LstmCellAttrs>();
  return attrs.basic ? basic(ctx) : full(ctx, attrs);
}

}  // namespace infer

void basic_lstm::fields(PlanVisitor& v, const Plan& p) {
  v.number("batch", p.batch);
  v.number("inputs", p.inputs);
  v.number("units", p.units);
  v.number("keeps h", p.keeps_hidden);
  v.number("keeps c", p.keeps_cell);
  v.number("zero point of the weights", p.weights_zero);
  v.number("multiplier", p.multiplier);
  v.number("shift", p.shift);
}

}  // namespace thimble
