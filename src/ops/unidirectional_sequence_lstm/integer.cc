#include "ops/unidirectional_sequence_lstm/integer.h"

#include <algorithm>
#include <cmath>

#include "ops/fixed_function.h"

namespace thimble {
namespace {

int16_t wrap16(int32_t x) { return static_cast<int16_t>(static_cast<uint16_t>(x)); }
int16_t saturate16(int32_t x) { return static_cast<int16_t>(std::clamp(x, -32768, 32767)); }
int16_t mul(int16_t a, int16_t b) { return saturating_rounding_doubling_high_mul(a, b); }
// gemmlowp states its constants in 32 bits and rounds them to the width in use.
constexpr int16_t constant(int32_t q31) { return static_cast<int16_t>(rounding_divide_by_pot(q31, 16)); }
// (a + b) / 2, halves away from zero.
int16_t rounding_half_sum(int16_t a, int16_t b) {
  const int32_t sum = a + b;
  return static_cast<int16_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}

// exp(x) for x in [−1/4, 0), Q0.15: a Taylor series of four terms around −1/8.
int16_t exp_quarter(int16_t a) {
  constexpr int16_t kExp = constant(1895147668), kThird = constant(715827883);
  const int16_t x = wrap16(a + (1 << 12)), x2 = mul(x, x), x3 = mul(x2, x), x4 = mul(x2, x2);
  const int16_t x4_over_4 = static_cast<int16_t>(rounding_divide_by_pot(int32_t{x4}, 2));
  const int16_t sum = wrap16(mul(wrap16(x4_over_4 + x3), kThird) + x2);
  const int16_t rest = static_cast<int16_t>(rounding_divide_by_pot(int32_t{sum}, 1));
  return saturate16(kExp + mul(kExp, wrap16(x + rest)));
}

// exp(x) for x ≤ 0 in Qm.(15 − m): exp of x modulo 1/4, times exp(−2^k) for each bit k of the rest.
int16_t exp_negative(int16_t a, int integer_bits) {
  const int fraction = 15 - integer_bits;
  if (a == 0) return 32767;
  if (integer_bits > 5 && a < -(1 << (20 - integer_bits))) return 0;  // below −32
  const int16_t quarter = static_cast<int16_t>(1 << (fraction - 2));
  const int16_t within = wrap16((a & (quarter - 1)) - quarter);
  int16_t result = exp_quarter(saturate16(int32_t{within} * (1 << integer_bits)));
  const int16_t remainder = wrap16(within - a);
  constexpr int16_t kFactors[] = {constant(1672461947), constant(1302514674), constant(790015084), constant(290630308),
                                  constant(39332535),   constant(720401),     constant(242)};  // exp(−2^k), k from −2
  for (int k = -2; k <= 4 && k < integer_bits; ++k)
    if (remainder & (1 << (fraction + k))) result = mul(result, kFactors[k + 2]);
  return result;
}

// 1 / ((1 + a) / 2) in Q2.13 for a in [0, 1) of Q0.15, by three Newton steps.
int16_t reciprocal_of_half_sum(int16_t a) {
  const int16_t half = rounding_half_sum(a, 32767);
  int16_t x = wrap16(constant(1515870810) + mul(half, constant(-1010580540)));  // 48/17 − 32/17·half
  for (int i = 0; i < 3; ++i) {
    const int16_t one_minus = wrap16((1 << 13) - mul(half, x));
    x = wrap16(x + saturate16(int32_t{mul(x, one_minus)} * 4));
  }
  return x;
}

SequenceLstmScales::Multiplier multiplier(double real) {
  SequenceLstmScales::Multiplier m;
  quantize_multiplier(real, &m.multiplier, &m.shift);
  return m;
}

}  // namespace

int16_t sigmoid_q3_12(int16_t x) {
  if (x == 0) return constant(1 << 30);
  // sigmoid(|x|) = 1 / (1 + exp(−|x|))
  const int16_t e = exp_negative(x > 0 ? wrap16(-x) : x, 3);
  const int16_t positive = saturate16(int32_t{reciprocal_of_half_sum(e)} * 2);
  return x > 0 ? positive : wrap16(32767 - positive);
}

int16_t tanh_q(int16_t x, int integer_bits) {
  if (x == 0) return 0;
  // tanh(|x|) = (1 − exp(−2|x|)) / (1 + exp(−2|x|)); twice x is x with one more integer bit.
  const int16_t e = exp_negative(x < 0 ? x : wrap16(-x), integer_bits + 1);
  const int16_t t = saturate16(int32_t{wrap16(reciprocal_of_half_sum(e) - (1 << 13))} * 4);
  return x < 0 ? wrap16(-t) : t;
}

SequenceLstmScales sequence_lstm_scales(const SequenceLstmQuantization& q) {
  SequenceLstmScales s;
  const float gate_scale = 0x1p-12f;  // float arithmetic up to the multiplier, as TFLite does it
  for (int g = 0; g < 4; ++g) {
    s.input[g] = multiplier(static_cast<double>(q.input[g]->scale[0] * q.x->scale[0] / gate_scale));
    s.recurrent[g] = multiplier(static_cast<double>(q.recurrent[g]->scale[0] * q.h->scale[0] / gate_scale));
  }
  s.hidden =
      multiplier(static_cast<double>(static_cast<float>(0x1p-15 / static_cast<double>(q.hidden->scale[0]) * 0x1p-15)));
  s.x_zero = q.x->zero_point[0];
  s.h_zero = q.h->zero_point[0];
  s.hidden_zero = q.hidden->zero_point[0];
  std::frexp(q.c->scale[0], &s.cell_power);
  --s.cell_power;
  if (q.cell_clip > 0) s.cell_clip = static_cast<int32_t>(std::min(q.cell_clip / q.c->scale[0], 32767.0f));
  return s;
}

SequenceLstmScales sequence_lstm_scales(const RefCall& call) {
  using namespace sequence_lstm;
  SequenceLstmQuantization q{};
  q.x = call.in[kInput].quant;
  for (size_t g = 0; g < 4; ++g) {
    q.input[g] = call.in[kInputWeights + g].quant;
    q.recurrent[g] = call.in[kRecurrentWeights + g].quant;
  }
  q.h = call.in[kHiddenState].quant;
  q.c = call.in[kCellState].quant;
  q.hidden = call.intermediates[kHiddenIntermediate].quant;
  q.cell_clip = call.node.attrs.as<SequenceLstmAttrs>().cell_clip;
  return sequence_lstm_scales(q);
}

int16_t sequence_lstm_gate(const SequenceLstmScales& s, size_t gate, int32_t from_x, int32_t from_h) {
  const auto &in = s.input[gate], &back = s.recurrent[gate];
  const int16_t first = saturate16(multiply_by_quantized_multiplier(from_x, in.multiplier, in.shift));
  const int64_t sum = int64_t{multiply_by_quantized_multiplier(from_h, back.multiplier, back.shift)} + first;
  return static_cast<int16_t>(std::clamp<int64_t>(sum, -32768, 32767));
}

void sequence_lstm_cell(const SequenceLstmScales& s, int16_t* gates, int16_t* c, int8_t* h, int64_t units) {
  for (int64_t u = 0; u < units; ++u) {
    const int16_t i = sigmoid_q3_12(gates[u]), f = sigmoid_q3_12(gates[units + u]);
    const int16_t g = tanh_q(gates[2 * units + u], 3), o = sigmoid_q3_12(gates[3 * units + u]);
    const int16_t kept = wrap16(rounding_divide_by_pot(int32_t{f} * c[u], 15));
    const int16_t added = wrap16(rounding_divide_by_pot(int32_t{i} * g, 30 + s.cell_power));
    int16_t cell = saturate16(kept + added);
    if (s.cell_clip > 0) cell = static_cast<int16_t>(std::clamp<int32_t>(cell, -s.cell_clip, s.cell_clip));
    c[u] = cell;
    const int32_t product = int32_t{o} * tanh_q(cell, 15 + s.cell_power);
    const int32_t v = multiply_by_quantized_multiplier(product, s.hidden.multiplier, s.hidden.shift);
    h[u] = static_cast<int8_t>(std::clamp(fixed::add(v, s.hidden_zero), -128, 127));
  }
}

}  // namespace thimble
