#include "ops/lstm/lstm.h"

#include <cmath>

#include "ops/op.h"

namespace thimble::infer {
namespace {

// x, kernel and recurrent, in the first three inputs of both operators.
Status check_weights(const InferContext& ctx) {
  for (int i = 0; i < ctx.arity(); ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 3, 3));
  THIMBLE_TRY(ctx.expect_rank(1, 2, 2));
  THIMBLE_TRY(ctx.expect_rank(2, 2, 2));
  const Shape &x = ctx.in(0).shape, &kernel = ctx.in(1).shape, &recurrent = ctx.in(2).shape;
  const int64_t units = recurrent[1];
  if (x[0] < 1 || x[1] < 1 || x[2] < 1 || units < 1)
    return fail(ErrorCode::bad_file,
                format("input {} or weights {} have an empty dimension", x.to_string(), recurrent.to_string()));
  if (recurrent[0] != 4 * units)
    return fail(ErrorCode::bad_file, format("recurrent weights {} are not [4 units, units]", recurrent.to_string()));
  if (kernel[0] != 4 * units || kernel[1] != x[2])
    return fail(ErrorCode::bad_file,
                format("weights {} do not fit {} units and input {}", kernel.to_string(), units, x.to_string()));
  return {};
}

Status expect_shape(const InferContext& ctx, int input, const Shape& shape) {
  if (ctx.in(input).shape == shape) return {};
  return fail(ErrorCode::bad_file,
              format("input {} {} must have the shape {}", input, ctx.in(input).to_string(), shape.to_string()));
}

}  // namespace

Status lstm(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(4, 4, 5));
  THIMBLE_TRY(ctx.expect_attrs<LstmAttrs>());
  if (const float clip = ctx.node.attrs.as<LstmAttrs>().cell_clip; !(clip >= 0) || !std::isfinite(clip))
    return fail(ErrorCode::bad_file, format("cell clip {} is not a number from 0", clip));
  THIMBLE_TRY(check_weights(ctx));
  const LstmDims d = lstm_dims(ctx.in(0).shape, ctx.in(2).shape);
  THIMBLE_TRY(expect_shape(ctx, 3, Shape{4 * d.units}));
  const int64_t saved[] = {d.time, d.batch, 4 * d.units};
  THIMBLE_ASSIGN(const Shape gates, Shape::make(std::span<const int64_t>(saved)));
  const Shape state{d.time, d.batch, d.units};
  ctx.outputs[0].shape =
      ctx.node.attrs.as<LstmAttrs>().return_sequences ? Shape{d.batch, d.time, d.units} : Shape{d.batch, d.units};
  ctx.outputs[1].shape = gates;
  for (size_t i = 2; i < 5; ++i) ctx.outputs[i].shape = state;
  for (TensorSpec& out : ctx.outputs) out.type = DType::f32;
  ctx.macs = d.batch * d.time * 4 * d.units * (d.inputs + d.units);
  return {};
}

Status lstm_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_attrs<LstmGradAttrs>());
  const auto& attrs = ctx.node.attrs.as<LstmGradAttrs>();
  THIMBLE_TRY(ctx.expect_arity(8, 8, attrs.input_gradient ? 4 : 3));
  THIMBLE_TRY(check_weights(ctx));
  const LstmDims d = lstm_dims(ctx.in(0).shape, ctx.in(2).shape);
  THIMBLE_TRY(expect_shape(ctx, 3, Shape{d.time, d.batch, 4 * d.units}));
  for (int i = 4; i < 7; ++i) THIMBLE_TRY(expect_shape(ctx, i, Shape{d.time, d.batch, d.units}));
  THIMBLE_TRY(expect_shape(ctx, 7, attrs.return_sequences ? Shape{d.batch, d.time, d.units} : Shape{d.batch, d.units}));
  ctx.outputs[0] = {DType::f32, ctx.in(1).shape};
  ctx.outputs[1] = {DType::f32, ctx.in(2).shape};
  ctx.outputs[2] = {DType::f32, Shape{4 * d.units}};
  if (attrs.input_gradient) ctx.outputs[3] = {DType::f32, ctx.in(0).shape};
  const int64_t rows = d.batch * d.time * 4 * d.units;
  ctx.macs = rows * (2 * d.units + d.inputs + (attrs.input_gradient ? d.inputs : 0));
  // dgates of all steps, and dh and dc of one.
  ctx.scratch_bytes = (rows + 2 * d.batch * d.units) * 4;
  return {};
}

}  // namespace thimble::infer
