#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"
#include "base/numbers.h"
#include "ops/lstm_forms.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"
#include "ops/weighted.h"

namespace thimble {

bool sequence_lstm::plain(const Node& node, DType x, DType weights) {
  const auto has = [&](size_t i) { return i < node.inputs.size() && node.inputs[i] != kNoTensor; };
  for (size_t i = kPeephole; i < kPeephole + 3; ++i)
    if (has(i) && (x != DType::f32 || weights != DType::f32)) return false;
  for (size_t i = kLayerNorm; i < kLayerNorm + kGates; ++i)
    if (has(i)) return false;
  return !has(kProjection) && !has(kProjection + 1) && (has(kInputWeights) || has(kRecurrentWeights));
}

thimble_unidirectional_sequence_lstm sequence_lstm::plan(const SequenceLstmAttrs& attrs, const Shape& x,
                                                         const Shape& state) {
  thimble_unidirectional_sequence_lstm p{};
  p.batch = state[0];
  p.time = x[attrs.time_major ? 0 : 1];
  p.inputs = x[2];
  p.units = state[1];
  p.step = attrs.time_major ? p.batch : 1;
  p.sample = attrs.time_major ? 1 : p.time;
  if (attrs.activation == Activation::tanh) {
    p.activation = THIMBLE_LSTM_TANH;
  } else if (attrs.activation == Activation::sigmoid) {
    p.activation = THIMBLE_LSTM_SIGMOID;
  } else {
    activation_range(attrs.activation, &p.range.lo, &p.range.hi);
  }
  p.clip = attrs.cell_clip;
  return p;
}

namespace infer {
namespace {

using namespace sequence_lstm;

tl::unexpected<Error> unsupported(const char* what) {
  return fail(ErrorCode::unsupported, format("LSTM with {} is not supported", what));
}

// The form of all the others (ops/lstm_forms.h).
Status full_form(InferContext& ctx, const SequenceLstmAttrs& attrs) {
  const Shape& x = ctx.in(kInput).shape;
  auto& p = ctx.plan.make<lstm_forms::Plan>();
  p.batch = x[attrs.time_major ? 1 : 0];
  p.time = x[attrs.time_major ? 0 : 1];
  p.inputs = x[2];
  p.step = attrs.time_major ? p.batch : 1;
  p.sample = attrs.time_major ? 1 : p.time;
  THIMBLE_TRY(lstm_forms::check(ctx, lstm_forms::kFull,
                                {attrs.activation, attrs.cell_clip, attrs.proj_clip, attrs.asymmetric_quantize_inputs},
                                &p));
  if (p.integer && ctx.declared(0).type == DType::i8) THIMBLE_TRY(ctx.expect_per_tensor_quantized(ctx.declared(0)));
  ctx.outputs[0] = {ctx.in(kInput).type, x};
  ctx.outputs[0].shape.set(2, p.outputs);
  THIMBLE_ASSIGN(ctx.scratch_bytes, lstm_forms::scratch_bytes(p, &ctx.macs));
  return {};
}

Status check_supported(const SequenceLstmAttrs& attrs) {
  if (attrs.diagonal_recurrent_tensors) return unsupported("diagonal recurrent weights");
  if (!(attrs.cell_clip >= 0) || !std::isfinite(attrs.cell_clip))
    return fail(ErrorCode::bad_file, format("cell clip {} is not a number from 0", attrs.cell_clip));
  return {};
}

Status expect_shape(const InferContext& ctx, int input, const Shape& shape) {
  if (!ctx.has(input)) return fail(ErrorCode::bad_file, format("input {} is left out but is required", input));
  if (ctx.in(input).shape == shape) return {};
  return fail(ErrorCode::bad_file,
              format("input {} {} must have the shape {}", input, ctx.in(input).to_string(), shape.to_string()));
}

Status check_shapes(const InferContext& ctx, const thimble_unidirectional_sequence_lstm& d) {
  for (int g = 0; g < kGates; ++g) {
    THIMBLE_TRY(expect_shape(ctx, kInputWeights + g, Shape{d.units, d.inputs}));
    THIMBLE_TRY(expect_shape(ctx, kRecurrentWeights + g, Shape{d.units, d.units}));
    THIMBLE_TRY(expect_shape(ctx, kBias + g, Shape{d.units}));
  }
  const bool peephole = ctx.has(kPeephole) || ctx.has(kPeephole + 1) || ctx.has(kPeephole + 2);
  for (int g = 0; peephole && g < 3; ++g) THIMBLE_TRY(expect_shape(ctx, kPeephole + g, Shape{d.units}));
  THIMBLE_TRY(expect_shape(ctx, kCellState, Shape{d.batch, d.units}));
  for (int i : {kHiddenState, kCellState})
    if (!ctx.in(i).variable)
      return fail(ErrorCode::bad_file, format("state {} is not a variable tensor", ctx.in(i).to_string()));
  if (ctx.node.inputs[kHiddenState] == ctx.node.inputs[kCellState])
    return fail(ErrorCode::bad_file, "activation state and cell state are the same tensor");
  return {};
}

Status expect_scales(const InferContext& ctx, int input, bool symmetric) {
  const Tensor& tensor = ctx.in(input);
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(tensor));
  if (symmetric && tensor.quant.zero_point[0] != 0)
    return fail(ErrorCode::unsupported, format("{} must have zero point 0", tensor.to_string()));
  return {};
}

Status check_float_types(const InferContext& ctx, DType weights) {
  const bool hybrid = weights == DType::i8;
  for (int i = kInputWeights; i < kPeephole; ++i) {
    THIMBLE_TRY(ctx.expect_type(i, {weights}));
    if (hybrid) THIMBLE_TRY(expect_scales(ctx, i, true));
  }
  for (int i = kPeephole; i < kPeephole + 3; ++i)
    if (ctx.has(i)) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  for (int i = kBias; i < kBias + kGates; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  THIMBLE_TRY(ctx.expect_type(kHiddenState, {DType::f32}));
  return ctx.expect_type(kCellState, {DType::f32});
}

Status check_integer_types(const InferContext& ctx) {
  for (int i = kInputWeights; i < kPeephole; ++i) {
    THIMBLE_TRY(ctx.expect_type(i, {DType::i8}));
    THIMBLE_TRY(expect_scales(ctx, i, true));
  }
  for (int i = kBias; i < kBias + kGates; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::i32}));
  THIMBLE_TRY(ctx.expect_type(kHiddenState, {DType::i8}));
  THIMBLE_TRY(ctx.expect_type(kCellState, {DType::i16}));
  for (int i : {kInput, kHiddenState, kCellState}) THIMBLE_TRY(expect_scales(ctx, i, i == kCellState));
  // tanh is tabled for Q0.15 … Q6.9.
  int power = 0;
  if (std::frexp(ctx.in(kCellState).quant.scale[0], &power) != 0.5f || power - 1 < -15 || power - 1 > -9)
    return fail(ErrorCode::unsupported, format("cell state {} has scale {}, not a power of two from 2^-15 to 2^-9",
                                               ctx.in(kCellState).to_string(), ctx.in(kCellState).quant.scale[0]));
  const auto& mid = ctx.node.intermediates;
  if (mid.size() <= kHiddenIntermediate || mid[kHiddenIntermediate] == kNoTensor)
    return fail(ErrorCode::bad_file, format("{} intermediate tensors instead of 5", mid.size()));
  const Quantization& hidden = ctx.graph.at(mid[kHiddenIntermediate]).quant;
  if (hidden.scale.size() != 1 || !(hidden.scale[0] > 0))
    return fail(ErrorCode::bad_file, "the fifth intermediate tensor carries no scale of the hidden state");
  if (ctx.declared(0).type == DType::i8) THIMBLE_TRY(ctx.expect_per_tensor_quantized(ctx.declared(0)));
  for (int i = kInputWeights; i < kPeephole; ++i) {
    const double x = ctx.in(i < kRecurrentWeights ? kInput : kHiddenState).quant.scale[0];
    const double effective = x * ctx.in(i).quant.scale[0] * 4096;
    if (!(effective < 0x1p30))
      return fail(ErrorCode::bad_file,
                  format("effective scale {} of {} is out of range", effective, ctx.in(i).to_string()));
  }
  if (!(0x1p-30 / static_cast<double>(hidden.scale[0]) < 0x1p30))
    return fail(ErrorCode::bad_file, format("hidden scale {} is out of range", hidden.scale[0]));
  return {};
}

thimble_lstm_multiplier multiplier(double real) {
  thimble_lstm_multiplier m{};
  int shift;
  quantize_multiplier(real, &m.multiplier, &shift);
  m.shift = static_cast<int8_t>(shift);
  return m;
}

void fill_scales(const InferContext& ctx, thimble_unidirectional_sequence_lstm* p) {
  const auto scale = [&](int input) { return ctx.in(input).quant.scale[0]; };
  const float gate_scale = 0x1p-12f;  // float arithmetic up to the multiplier, as TFLite does it
  for (int g = 0; g < kGates; ++g) {
    p->input[g] = multiplier(static_cast<double>(scale(kInputWeights + g) * scale(kInput) / gate_scale));
    p->recurrent[g] = multiplier(static_cast<double>(scale(kRecurrentWeights + g) * scale(kHiddenState) / gate_scale));
  }
  const Quantization& hidden = ctx.graph.at(ctx.node.intermediates[kHiddenIntermediate]).quant;
  p->hidden =
      multiplier(static_cast<double>(static_cast<float>(0x1p-15 / static_cast<double>(hidden.scale[0]) * 0x1p-15)));
  p->x_zero = ctx.in(kInput).quant.zero_point[0];
  p->h_zero = ctx.in(kHiddenState).quant.zero_point[0];
  p->y_zero = hidden.zero_point[0];
  const float cell = scale(kCellState);
  p->cell_power = static_cast<int8_t>(std::ilogb(cell));
  if (p->clip > 0) p->cell_clip = static_cast<int32_t>(std::min(p->clip / cell, 32767.0f));
}

}  // namespace

Status unidirectional_sequence_lstm(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(20, 24, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<SequenceLstmAttrs>());
  const auto& attrs = ctx.node.attrs.as<SequenceLstmAttrs>();
  THIMBLE_TRY(check_supported(attrs));
  THIMBLE_TRY(ctx.expect_rank(kInput, 3, 3));
  const auto type_of = [&](int i) { return ctx.has(i) ? ctx.in(i).type : DType::f32; };
  if (!plain(ctx.node, type_of(kInput), type_of(kInputWeights))) return full_form(ctx, attrs);
  if (!ctx.has(kHiddenState) || !ctx.has(kCellState)) return fail(ErrorCode::bad_file, "a state tensor is left out");
  THIMBLE_TRY(ctx.expect_rank(kHiddenState, 2, 2));
  const Shape& x = ctx.in(kInput).shape;
  auto& d = ctx.plan.make<thimble_unidirectional_sequence_lstm>() = plan(attrs, x, ctx.in(kHiddenState).shape);
  if (d.batch < 1 || d.time < 1 || d.inputs < 1 || d.units < 1)
    return fail(ErrorCode::bad_file,
                format("input {} or state {} has an empty dimension", x.to_string(), ctx.in(kHiddenState).to_string()));
  if (x[attrs.time_major ? 1 : 0] != d.batch)
    return fail(ErrorCode::bad_file, format("input {} and state {} have different batch sizes", x.to_string(),
                                            ctx.in(kHiddenState).to_string()));
  THIMBLE_TRY(check_shapes(ctx, d));
  const DType type = ctx.in(kInput).type, weights = ctx.in(kInputWeights).type;
  const bool integer = type == DType::i8 && weights == DType::i8;
  if (!integer && !(type == DType::f32 && (weights == DType::f32 || weights == DType::i8)))
    return fail(
        ErrorCode::unsupported,
        format("no kernel for input {} with weights {}", ctx.in(kInput).to_string(), ctx.in(kInputWeights).to_string()),
        "float32 × float32, float32 × int8 (hybrid) and int8 × int8 with an int16 cell are supported");
  if (integer) {
    THIMBLE_TRY(check_integer_types(ctx));
    if (attrs.activation != Activation::tanh) return unsupported("an int8 activation other than tanh");
    fill_scales(ctx, &d);
  } else {
    THIMBLE_TRY(check_float_types(ctx, weights));
  }
  if (attrs.activation == Activation::sign_bit) return unsupported("the activation sign_bit");
  ctx.outputs[0].type = type;
  ctx.outputs[0].shape = x;
  ctx.outputs[0].shape.set(2, d.units);
  if (!checked_mul(d.batch * d.time, 4 * d.units * (d.inputs + d.units), &ctx.macs))
    return fail(ErrorCode::unsupported, format("{} steps of {} units", d.batch * d.time, d.units));
  if (type != weights) ctx.scratch_bytes = d.inputs + d.units;  // hybrid: the quantised rows of x and h
  return {};
}

}  // namespace infer
}  // namespace thimble

namespace {

void list(thimble::PlanVisitor& v, std::string_view name, std::span<const thimble_lstm_multiplier> multipliers) {
  v.begin(name);
  for (const thimble_lstm_multiplier& m : multipliers) {
    v.begin("");
    v.number("multiplier", m.multiplier);
    v.number("shift", m.shift);
    v.end();
  }
  v.end();
}

}  // namespace

void fields(thimble::PlanVisitor& v, const thimble_unidirectional_sequence_lstm& p) {
  v.number("batch", p.batch);
  v.number("time", p.time);
  v.number("inputs", p.inputs);
  v.number("units", p.units);
  v.number("rows of a step", p.step);
  v.number("rows of a sample", p.sample);
  v.number("activation", p.activation);
  fields(v, "range", p.range);
  v.real("clip", p.clip);
  list(v, "input", p.input);
  list(v, "recurrent", p.recurrent);
  v.begin("hidden");
  v.number("multiplier", p.hidden.multiplier);
  v.number("shift", p.hidden.shift);
  v.end();
  v.number("zero point of x", p.x_zero);
  v.number("zero point of h", p.h_zero);
  v.number("zero point of y", p.y_zero);
  v.number("clip of integers", p.cell_clip);
  v.number("power of the cell's scale", p.cell_power);
}
