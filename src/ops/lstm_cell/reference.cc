#include <algorithm>
#include <cmath>

#include "ops/lstm_cell/lstm_cell.h"

namespace thimble::reference {
namespace {

using namespace basic_lstm;

float sigmoid(float v) { return 1 / (1 + std::exp(-v)); }

// x beside h, row by row.
template <class T>
void concatenate(const RefCall& call, const basic_lstm::Plan& p) {
  T* to = call.out[kConcatenated].as<T>();
  for (int64_t b = 0; b < p.batch; ++b) {
    to = std::copy_n(call.in[kX].as<T>() + b * p.inputs, p.inputs, to);
    to = std::copy_n(call.in[kHidden].as<T>() + b * p.units, p.units, to);
  }
}

void keep(const RefCall& call, const basic_lstm::Plan& p, size_t h_bytes, size_t c_bytes) {
  const auto n = static_cast<size_t>(p.batch * p.units);
  const auto copy = [&](Input to, Output from, size_t bytes) {
    std::copy_n(call.out[from].as<uint8_t>(), n * bytes, call.in[to].as<uint8_t>());
  };
  if (p.keeps_hidden) copy(kHidden, kNewHidden, h_bytes);
  if (p.keeps_cell) copy(kCell, kNewCell, c_bytes);
}

void floats(const RefCall& call, const basic_lstm::Plan& p) {
  concatenate<float>(call, p);
  const int64_t columns = p.inputs + p.units;
  for (int64_t b = 0; b < p.batch; ++b) {
    const float *x = call.out[kConcatenated].as<float>() + b * columns, *c = call.in[kCell].as<float>() + b * p.units;
    float *z = call.out[kGates].as<float>() + b * 4 * p.units, *c_new = call.out[kNewCell].as<float>() + b * p.units,
          *h_new = call.out[kNewHidden].as<float>() + b * p.units;
    for (int64_t r = 0; r < 4 * p.units; ++r) {
      const float* w = call.in[kWeights].as<float>() + r * columns;
      float sum = 0;
      for (int64_t i = 0; i < columns; ++i) sum += x[i] * w[i];
      z[r] = sum + call.in[kBias].as<float>()[r];
    }
    for (int64_t u = 0; u < p.units; ++u) {
      const float cell = sigmoid(z[u]) * std::tanh(z[p.units + u]) + sigmoid(z[2 * p.units + u]) * c[u];
      h_new[u] = sigmoid(z[3 * p.units + u]) * std::tanh(cell);
      c_new[u] = cell;
    }
  }
  keep(call, p, 4, 4);
}

// As thimble_rescale, but what lies half way between two numbers after the high product goes up, as measured from
// LiteRT.
int32_t rescale(int32_t x, int32_t multiplier, int shift) {
  if (shift >= 0) return thimble_rescale(x, multiplier, shift);
  const int64_t high = thimble_high_mul(x, multiplier);
  const int right = std::min(-shift, 31);
  return static_cast<int32_t>((high + (int64_t{1} << (right - 1))) >> right);
}

// Gates in Q3.12, the cell in Q4.11, sigmoid and tanh in Q0.15 (kernel.h of unidirectional_sequence_lstm).
void bytes(const RefCall& call, const basic_lstm::Plan& p) {
  concatenate<uint8_t>(call, p);
  const int64_t columns = p.inputs + p.units;
  for (int64_t b = 0; b < p.batch; ++b) {
    const auto* x = call.out[kConcatenated].as<uint8_t>() + b * columns;
    const auto* c = call.in[kCell].as<int16_t>() + b * p.units;
    auto *z = call.out[kGates].as<int16_t>() + b * 4 * p.units, *c_new = call.out[kNewCell].as<int16_t>() + b * p.units;
    auto* h_new = call.out[kNewHidden].as<uint8_t>() + b * p.units;
    for (int64_t r = 0; r < 4 * p.units; ++r) {
      const auto* w = call.in[kWeights].as<uint8_t>() + r * columns;
      auto sum = static_cast<uint32_t>(call.in[kBias].as<int32_t>()[r]);
      for (int64_t i = 0; i < columns; ++i) sum += static_cast<uint32_t>((x[i] - 128) * (w[i] - p.weights_zero));
      z[r] = thimble_lstm_saturate(rescale(static_cast<int32_t>(sum), p.multiplier, p.shift));
    }
    for (int64_t u = 0; u < p.units; ++u) {
      const int16_t i = thimble_lstm_sigmoid_s16(z[u]), g = thimble_lstm_tanh_s16(z[p.units + u], 3),
                    f = thimble_lstm_sigmoid_s16(z[2 * p.units + u]), o = thimble_lstm_sigmoid_s16(z[3 * p.units + u]);
      const int32_t added = thimble_divide_by_power(thimble_lstm_mul(i, g), 4);
      const int16_t cell = thimble_lstm_saturate(added + thimble_lstm_mul(f, c[u]));
      const int16_t narrow = thimble_lstm_saturate(int32_t{cell} * 2);  // Q3.12
      const int32_t h = thimble_divide_by_power(thimble_lstm_mul(o, thimble_lstm_tanh_s16(narrow, 3)), 8);
      h_new[u] = static_cast<uint8_t>(128 + thimble_clamp(h, -128, 127));
      c_new[u] = cell;
    }
  }
  keep(call, p, 1, 2);
}

}  // namespace

void lstm_cell(const RefCall& call) {
  if (call.derived->holds<lstm_forms::Plan>()) {
    const auto& p = call.plan<lstm_forms::Plan>();
    return lstm_forms::run(
        {p, lstm_forms::kFull, call.in, call.in[0].data, nullptr, call.out[0].data, p.outputs, false, call.scratch});
  }
  const auto& p = call.plan<basic_lstm::Plan>();
  if (call.in[kX].type == DType::u8) return bytes(call, p);
  floats(call, p);
}

}  // namespace thimble::reference
