#include <algorithm>
#include <cmath>

#include "ops/hybrid.h"
#include "ops/unidirectional_sequence_lstm/integer.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble {
namespace sequence_lstm {

float activate(Activation a, float x) {
  if (a == Activation::tanh) return std::tanh(x);
  if (a == Activation::sigmoid) return 1 / (1 + std::exp(-x));
  float lo, hi;
  activation_range(a, &lo, &hi);
  return x < lo ? lo : x > hi ? hi : x;
}

}  // namespace sequence_lstm

namespace reference {
namespace {

using namespace sequence_lstm;

// What one product adds to a gate's rows: gate[u] += weights[u] · row.
struct FloatRow {
  const float* row;
  int64_t n;
  void add_to(const TensorView& weights, float* gate, int64_t units) const {
    const float* w = weights.as<float>();
    for (int64_t u = 0; u < units; ++u)
      for (int64_t i = 0; i < n; ++i) gate[u] += row[i] * w[u * n + i];
  }
};

// The hybrid form: the row as int8 with a scale of its own.
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
  void add_to(const TensorView& weights, float* gate, int64_t units) const {
    const auto* w = weights.as<int8_t>();
    const float both = scale * weights.scale();
    for (int64_t u = 0; u < units; ++u) {
      uint32_t sum = 0;  // wraps, as 32-bit hardware does
      for (int64_t i = 0; i < n; ++i) sum += static_cast<uint32_t>((row[i] - zero) * w[u * n + i]);
      gate[u] += static_cast<float>(static_cast<int32_t>(sum)) * both;
    }
  }
};

// One sample's step: gates from x_t and h, then the states c and h.
template <class Row>
void step(const RefCall& call, const Dims& d, const Row& x, const Row& h_before, float* c, float* h, float* gates) {
  const auto& attrs = call.node.attrs.as<SequenceLstmAttrs>();
  const int64_t units = d.units;
  for (size_t g = 0; g < kGates; ++g) {
    float* gate = gates + static_cast<int64_t>(g) * units;
    std::copy_n(call.in[kBias + g].as<float>(), units, gate);
    x.add_to(call.in[kInputWeights + g], gate, units);
    h_before.add_to(call.in[kRecurrentWeights + g], gate, units);
  }
  const auto peephole = [&](size_t k, int64_t u) {
    return call.has(kPeephole) ? call.in[kPeephole + k].as<float>()[u] * c[u] : 0.0f;
  };
  for (int64_t u = 0; u < units; ++u) {
    const float i = activate(Activation::sigmoid, gates[u] + peephole(0, u));
    const float f = activate(Activation::sigmoid, gates[units + u] + peephole(1, u));
    const float g = activate(attrs.activation, gates[2 * units + u]);
    c[u] = f * c[u] + i * g;
    if (attrs.cell_clip > 0) c[u] = std::clamp(c[u], -attrs.cell_clip, attrs.cell_clip);
    h[u] = activate(Activation::sigmoid, gates[3 * units + u] + peephole(2, u)) * activate(attrs.activation, c[u]);
  }
}

void float_or_hybrid(const RefCall& call, const Dims& d) {
  const auto& attrs = call.node.attrs.as<SequenceLstmAttrs>();
  const bool hybrid = call.in[kInputWeights].type == DType::i8, asymmetric = attrs.asymmetric_quantize_inputs;
  auto* gates = static_cast<float*>(call.scratch);
  auto* row_x = reinterpret_cast<int8_t*>(gates + kGates * d.units);
  int8_t* row_h = row_x + d.inputs;
  for (int64_t t = 0; t < d.time; ++t)
    for (int64_t b = 0; b < d.batch; ++b) {
      const float* x = call.in[kInput].as<float>() + d.row(t, b) * d.inputs;
      float *h = call.in[kHiddenState].as<float>() + b * d.units, *c = call.in[kCellState].as<float>() + b * d.units;
      if (hybrid) {
        const QuantizedRow qx(x, d.inputs, row_x, asymmetric), qh(h, d.units, row_h, asymmetric);
        step(call, d, qx, qh, c, h, gates);
      } else {
        step(call, d, FloatRow{x, d.inputs}, FloatRow{h, d.units}, c, h, gates);
      }
      std::copy_n(h, d.units, call.out[0].as<float>() + d.row(t, b) * d.units);
    }
}

void integer(const RefCall& call, const Dims& d) {
  const SequenceLstmScales s = sequence_lstm_scales(call);
  auto* gates = static_cast<int16_t*>(call.scratch);
  for (int64_t t = 0; t < d.time; ++t)
    for (int64_t b = 0; b < d.batch; ++b) {
      const int8_t* x = call.in[kInput].as<int8_t>() + d.row(t, b) * d.inputs;
      int8_t* h = call.in[kHiddenState].as<int8_t>() + b * d.units;
      int16_t* c = call.in[kCellState].as<int16_t>() + b * d.units;
      for (size_t g = 0; g < kGates; ++g) {
        const auto *w = call.in[kInputWeights + g].as<int8_t>(), *r = call.in[kRecurrentWeights + g].as<int8_t>();
        for (int64_t u = 0; u < d.units; ++u) {
          uint32_t from_x = static_cast<uint32_t>(call.in[kBias + g].as<int32_t>()[u]), from_h = 0;
          for (int64_t i = 0; i < d.inputs; ++i)
            from_x += static_cast<uint32_t>((x[i] - s.x_zero) * w[u * d.inputs + i]);
          for (int64_t i = 0; i < d.units; ++i) from_h += static_cast<uint32_t>((h[i] - s.h_zero) * r[u * d.units + i]);
          gates[static_cast<int64_t>(g) * d.units + u] =
              sequence_lstm_gate(s, g, static_cast<int32_t>(from_x), static_cast<int32_t>(from_h));
        }
      }
      sequence_lstm_cell(s, gates, c, h, d.units);
      std::copy_n(h, d.units, call.out[0].as<int8_t>() + d.row(t, b) * d.units);
    }
}

}  // namespace

void unidirectional_sequence_lstm(const RefCall& call) {
  const Dims d =
      dims(call.in[kInput].shape, call.in[kHiddenState].shape, call.node.attrs.as<SequenceLstmAttrs>().time_major);
  if (call.in[kInput].type == DType::i8) return integer(call, d);
  float_or_hybrid(call, d);
}

}  // namespace reference
}  // namespace thimble
