#include <algorithm>

#include "ops/hybrid.h"
#include "ops/lstm_forms.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble {
namespace {

template <class T>
void each_gate(std::span<const TensorView> in, int first, const T* (&gates)[4]) {
  for (size_t g = 0; g < 4; ++g) gates[g] = in[static_cast<size_t>(first) + g].as<T>();
}

}  // namespace

thimble_lstm_weights_f32 sequence_lstm::float_weights(std::span<const TensorView> in) {
  thimble_lstm_weights_f32 w{};
  each_gate(in, kInputWeights, w.input);
  each_gate(in, kRecurrentWeights, w.recurrent);
  each_gate(in, kBias, w.bias);
  for (size_t k = 0; k < 3; ++k) w.peephole[k] = in[kPeephole + k].as<float>();
  return w;
}

namespace reference {
namespace {

using namespace sequence_lstm;
using Lstm = thimble_unidirectional_sequence_lstm;

void integer(const RefCall& call, const Lstm& p) {
  thimble_lstm_weights_s8 w{};
  each_gate(call.in, kInputWeights, w.input);
  each_gate(call.in, kRecurrentWeights, w.recurrent);
  each_gate(call.in, kBias, w.bias);
  thimble_unidirectional_sequence_lstm_s8(&p, call.in[kInput].as<int8_t>(), &w, call.in[kHiddenState].as<int8_t>(),
                                          call.in[kCellState].as<int16_t>(), call.out[0].as<int8_t>());
}

// A row of x or h as int8 with a scale of its own.
struct QuantizedRow {
  const int8_t* row;
  int64_t n;
  float scale = 1;
  int32_t zero = 0;
  QuantizedRow(const float* x, int64_t count, int8_t* memory, bool asymmetric) : row(memory), n(count) {
    if (asymmetric) {
      quantize_asymmetric(x, n, memory, &scale, &zero);
    } else {
      scale = quantize_symmetric(x, n, memory);
    }
  }
  float times(const TensorView& weights, int64_t unit) const {
    const uint32_t sum = thimble_lstm_sum_s8(row, weights.as<int8_t>() + unit * n, n, zero);
    return static_cast<float>(static_cast<int32_t>(sum)) * (scale * weights.scale());
  }
};

void hybrid(const RefCall& call, const Lstm& p) {
  const bool asymmetric = call.node.attrs.as<SequenceLstmAttrs>().asymmetric_quantize_inputs;
  const float* const no_peepholes[3] = {};
  auto* rows = static_cast<int8_t*>(call.scratch);
  for (int64_t t = 0; t < p.time; ++t)
    for (int64_t b = 0; b < p.batch; ++b) {
      const int64_t row = t * p.step + b * p.sample;
      float *h = call.in[kHiddenState].as<float>() + b * p.units, *c = call.in[kCellState].as<float>() + b * p.units;
      const QuantizedRow qx(call.in[kInput].as<float>() + row * p.inputs, p.inputs, rows, asymmetric);
      const QuantizedRow qh(h, p.units, rows + p.inputs, asymmetric);
      for (int64_t u = 0; u < p.units; ++u) {
        float gate[4];
        for (size_t g = 0; g < 4; ++g) {
          gate[g] = call.in[kBias + g].as<float>()[u];
          gate[g] += qx.times(call.in[kInputWeights + g], u);
          gate[g] += qh.times(call.in[kRecurrentWeights + g], u);
        }
        h[u] = thimble_lstm_cell_f32(&p, no_peepholes, u, gate, c + u);
      }
      std::copy_n(h, p.units, call.out[0].as<float>() + row * p.units);
    }
}

}  // namespace

void unidirectional_sequence_lstm(const RefCall& call) {
  if (call.derived->holds<lstm_forms::Plan>()) {
    const auto& form = call.plan<lstm_forms::Plan>();
    return lstm_forms::run({form, lstm_forms::kFull, call.in, call.in[kInput].data, nullptr, call.out[0].data,
                            form.outputs, false, call.scratch});
  }
  const auto& p = call.plan<Lstm>();
  if (call.in[kInput].type == DType::i8) return integer(call, p);
  if (call.in[kInputWeights].type == DType::i8) return hybrid(call, p);
  const thimble_lstm_weights_f32 w = float_weights(call.in);
  thimble_unidirectional_sequence_lstm_f32(&p, call.in[kInput].as<float>(), &w, call.in[kHiddenState].as<float>(),
                                           call.in[kCellState].as<float>(), call.out[0].as<float>());
}

}  // namespace reference
}  // namespace thimble
