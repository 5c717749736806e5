#include <algorithm>
#include <cmath>

#include "compress/quantize/custom_quant.h"
#include "compress/quantize/params.h"
#include "compress/quantize/quant_rule.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble::quant_rule {
namespace {

using namespace sequence_lstm;

// Runs the layer one step at a time on copies of its states and reports the cell (inner value 0): the graph shows only
// x and h.
Status observe_cell(ObserveContext& ctx) {
  auto p = plan(ctx.node.attrs.as<SequenceLstmAttrs>(), ctx.in[kInput].shape, ctx.in[kHiddenState].shape);
  const int64_t steps = p.time;
  p.time = 1;
  const auto state = [&](Input i) {
    const float* from = ctx.in[i].as<float>();
    return std::vector<float>(from, from + p.batch * p.units);
  };
  std::vector<float> h = state(kHiddenState), c = state(kCellState);
  std::vector<float> y(static_cast<size_t>(steps * p.batch * p.units));
  const thimble_lstm_weights_f32 weights = float_weights(ctx.in);
  for (int64_t t = 0; t < steps; ++t) {
    thimble_unidirectional_sequence_lstm_f32(&p, ctx.in[kInput].as<float>() + t * p.step * p.inputs, &weights, h.data(),
                                             c.data(), y.data() + t * p.step * p.units);
    ctx.inner(0, c);
  }
  return {};
}

// The smallest power of two that holds the range in 16 bits; tanh exists for 2^-15 … 2^-9.
Quantization cell_quantization(ValueRange range) {
  const float largest = std::max(std::fabs(range.min), std::fabs(range.max));
  const int power = largest > 0 ? static_cast<int>(std::ceil(std::log2(largest))) - 15 : -15;
  return {{std::ldexp(1.0f, std::clamp(power, -15, -9))}, {0}, 0};
}

// int8 x, h and weights (one scale per matrix), int32 biases, an int16 cell. Without a projection h has
// the quantisation of the output; it is also the fifth intermediate. The other four are used by layer
// normalisation only and stay without a scale, as TensorFlow's converter leaves them.
Status to_8x8_16(QuantizeContext& ctx) {
  const float x_scale = ctx.graph.at(ctx.node.inputs[kInput]).quant.scale[0];
  const Quantization hidden = ctx.graph.at(ctx.node.outputs[0]).quant;
  for (size_t g = 0; g < kGates; ++g) {
    const Tensor& bias = ctx.float_in(kBias + g);
    Tensor w = ctx.weights(kInputWeights + g, -1, &bias, x_scale);
    ctx.replace(kBias + g, quantize_bias(bias, x_scale, w.quant));
    ctx.replace(kInputWeights + g, std::move(w));
    ctx.replace(kRecurrentWeights + g, ctx.weights(kRecurrentWeights + g, -1));
  }
  Tensor h = ctx.float_in(kHiddenState), c = ctx.float_in(kCellState);
  if (h.data || c.data) return fail(ErrorCode::unsupported, "a state with an initial value has no int8 form");
  h.type = DType::i8;
  h.quant = hidden;
  c.type = DType::i16;
  c.quant = cell_quantization(ctx.inner.empty() ? ValueRange{} : ctx.inner[0]);
  ctx.replace(kHiddenState, std::move(h));
  ctx.replace(kCellState, std::move(c));
  for (size_t i = 0; i <= kHiddenIntermediate; ++i) {
    Tensor middle{.name = format("{}/intermediate_{}", ctx.node.name, i), .shape = Shape{0}};
    if (i == kHiddenIntermediate) {
      middle.type = DType::i8;
      middle.quant = hidden;
    }
    ctx.node.intermediates.push_back(ctx.graph.add(std::move(middle)));
  }
  return {};
}

}  // namespace

// Integer cells have tanh only; of the full forms the weights alone become int8.
QuantRule unidirectional_sequence_lstm(const Node& node) {
  const bool plain = sequence_lstm::plain(node, DType::f32, DType::i8);
  QuantRule rule;
  if (!plain) return {.integer = false, .hybrid = true, .weight_inputs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16}};
  rule.integer = plain && node.attrs.as<SequenceLstmAttrs>().activation == Activation::tanh;
  rule.hybrid = plain;
  rule.weight_inputs = {1, 2, 3, 4, 5, 6, 7, 8};
  rule.observe = observe_cell;
  rule.quantize = to_8x8_16;
  return rule;
}

}  // namespace thimble::quant_rule
