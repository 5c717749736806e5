// The integer 8x8_16 LSTM step, shared by the reference and the fast form: int8 x, h and weights, int16
// gates in Q3.12 before and Q0.15 after activation, an int16 cell with a power-of-two scale.
//   gate = sat16(requant(W·(x − zx) + b)), then sat16(gate + requant(R·(h − zh))); i, f, o = sigmoid, g = tanh
//   c = sat16((f·c >> 15) + (i·g >> (30 + log2 s_c))), clipped; h = sat8(requant(o · tanh(c)) + zh)
// with gemmlowp's fixed-point sigmoid and tanh of 16 bits.
// Source: TensorFlow Lite, lstm_eval (EvalInteger8x8_16) and gemmlowp fixedpoint.h.
#pragma once

#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble {

struct SequenceLstmScales {
  struct Multiplier {
    int32_t multiplier = 0;
    int shift = 0;
  };
  Multiplier input[4], recurrent[4];  // to Q3.12, per gate
  Multiplier hidden;                  // o·tanh(c), Q0.30, to the scale of h
  int32_t x_zero = 0, h_zero = 0, hidden_zero = 0;
  int cell_power = 0;     // log2 of the cell's scale, −15 … −9
  int32_t cell_clip = 0;  // quantised; 0: none
};

// From the operands' quantisation: x, weights, states and the fifth intermediate.
struct SequenceLstmQuantization {
  const Quantization* x;
  const Quantization *input[4], *recurrent[4];
  const Quantization *h, *c, *hidden;
  float cell_clip = 0;
};
SequenceLstmScales sequence_lstm_scales(const SequenceLstmQuantization& q);
SequenceLstmScales sequence_lstm_scales(const RefCall& call);

// The pre-activation of a gate in Q3.12 from its two sums.
int16_t sequence_lstm_gate(const SequenceLstmScales& s, size_t gate, int32_t from_x, int32_t from_h);
// gates [4·units] in the order i, f, g, o: activated in place; c and h are updated.
void sequence_lstm_cell(const SequenceLstmScales& s, int16_t* gates, int16_t* c, int8_t* h, int64_t units);

// sigmoid of Q3.12, tanh of Qm.(15 − m) for m in 0 … 6; results in Q0.15.
int16_t sigmoid_q3_12(int16_t x);
int16_t tanh_q(int16_t x, int integer_bits);

}  // namespace thimble
