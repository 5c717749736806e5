// unidirectional_sequence_lstm as C99: float32, and integers 8x8_16. The states h and c belong to the caller and keep
// their values between calls. No working memory: y's own row is where the next h comes to be.
//
// Integers: int8 x, h and weights, int16 gates in Q3.12 before and Q0.15 after activation, an int16 cell whose scale is
// a power of two:
//   gate = sat16(rescale(W·(x − zx) + b)), then sat16(gate + rescale(R·(h − zh))); i, f, o = sigmoid, g = tanh
//   c = sat16((f·c >> 15) + (i·g >> (30 + log2 s_c))), clipped; h = sat8(rescale(o · tanh(c)) + zh)
// with gemmlowp's fixed-point sigmoid and tanh of 16 bits.
// Source: TensorFlow Lite, lstm_eval (EvalInteger8x8_16) and gemmlowp fixedpoint.h.
#pragma once

#include <math.h>
#include <string.h>

#include "base/c99.h"

enum { THIMBLE_LSTM_CLAMP, THIMBLE_LSTM_TANH, THIMBLE_LSTM_SIGMOID };

typedef struct thimble_lstm_multiplier {
  int32_t multiplier;
  int8_t shift;
} thimble_lstm_multiplier;

// Gates in the order i, f, g (cell), o.
typedef struct thimble_unidirectional_sequence_lstm {
  thimble_dim batch, time, inputs, units;
  thimble_dim step, sample;  // rows of x and y from one time step to the next, from one sample to the next
  // float32
  int8_t activation;    // of the cell gate and the cell: THIMBLE_LSTM_…
  thimble_range range;  // of THIMBLE_LSTM_CLAMP
  float clip;           // of the cell; 0: none
  // integers
  thimble_lstm_multiplier input[4], recurrent[4];  // to Q3.12
  thimble_lstm_multiplier hidden;                  // o·tanh(c), Q0.30, to the scale of h
  int32_t x_zero, h_zero, y_zero;                  // of x, of h as it is read, of h as it is made
  int32_t cell_clip;                               // 0: none
  int8_t cell_power;                               // log2 of the cell's scale, −15 … −9
} thimble_unidirectional_sequence_lstm;

// [units, inputs] and [units, units] for each gate.
typedef struct thimble_lstm_weights_s8 {
  const int8_t* input[4];
  const int8_t* recurrent[4];
  const int32_t* bias[4];
} thimble_lstm_weights_s8;

typedef struct thimble_lstm_weights_f32 {
  const float* input[4];
  const float* recurrent[4];
  const float* bias[4];
  const float* peephole[3];  // of i, f, o, or all null
} thimble_lstm_weights_f32;

// ---- integers ----
THIMBLE_INLINE int16_t thimble_lstm_wrap(int32_t x) { return (int16_t)(uint16_t)x; }
THIMBLE_INLINE int16_t thimble_lstm_saturate(int32_t x) { return (int16_t)thimble_clamp(x, -32768, 32767); }

// a · b / 2^15, rounded to nearest with ties toward +∞; min · min saturates.
THIMBLE_INLINE int16_t thimble_lstm_mul(int16_t a, int16_t b) {
  return thimble_lstm_saturate(((int32_t)a * b + ((int32_t)1 << 14)) >> 15);
}

// gemmlowp states its constants in 32 bits and rounds them to the width in use.
THIMBLE_INLINE int16_t thimble_lstm_q15(int32_t q31) { return (int16_t)thimble_divide_by_power(q31, 16); }

// exp(x) for x in [−1/4, 0), Q0.15: a Taylor series of four terms around −1/8.
THIMBLE_INLINE int16_t thimble_lstm_exp_quarter(int16_t a) {
  const int16_t e = thimble_lstm_q15(1895147668), third = thimble_lstm_q15(715827883);
  const int16_t x = thimble_lstm_wrap(a + ((int32_t)1 << 12)), x2 = thimble_lstm_mul(x, x);
  const int16_t x3 = thimble_lstm_mul(x2, x), x4 = thimble_lstm_mul(x2, x2);
  const int16_t inner = thimble_lstm_wrap(thimble_divide_by_power(x4, 2) + x3);
  const int16_t sum = thimble_lstm_wrap((int32_t)thimble_lstm_mul(inner, third) + x2);
  const int16_t rest = thimble_lstm_wrap(x + thimble_divide_by_power(sum, 1));
  return thimble_lstm_saturate((int32_t)e + thimble_lstm_mul(e, rest));
}

// exp(x) for x ≤ 0 in Qm.(15 − m): exp of x modulo 1/4, times exp(−2^k) for each bit k of the rest.
static inline int16_t thimble_lstm_exp(int16_t a, int integer_bits) {
  static const int32_t factors[7] THIMBLE_FLASH = {1672461947, 1302514674, 790015084, 290630308,
                                                   39332535,   720401,     242};  // k from −2
  const int fraction = 15 - integer_bits;
  if (a == 0) return 32767;
  if (integer_bits > 5 && a < -((int32_t)1 << (20 - integer_bits))) return 0;  // below −32
  const int32_t quarter = (int32_t)1 << (fraction - 2);
  const int32_t within = (a & (quarter - 1)) - quarter;
  int16_t result = thimble_lstm_exp_quarter(thimble_lstm_saturate(within * ((int32_t)1 << integer_bits)));
  const int16_t remainder = thimble_lstm_wrap(within - a);
  for (int k = -2; k <= 4 && k < integer_bits; ++k)
    if (remainder & ((int32_t)1 << (fraction + k)))
      result = thimble_lstm_mul(result, thimble_lstm_q15(thimble_read_s32(factors + k + 2)));
  return result;
}

// 1 / ((1 + a) / 2) in Q2.13 for a in [0, 1) of Q0.15, by three Newton steps.
THIMBLE_INLINE int16_t thimble_lstm_reciprocal(int16_t a) {
  const int16_t half = (int16_t)(((int32_t)a + 32767 + 1) / 2);  // halves away from zero
  int16_t x = thimble_lstm_wrap((int32_t)thimble_lstm_q15(1515870810) +
                                thimble_lstm_mul(half, thimble_lstm_q15(-1010580540)));  // 48/17 − 32/17·half
  for (int i = 0; i < 3; ++i) {
    const int16_t one_minus = thimble_lstm_wrap(((int32_t)1 << 13) - thimble_lstm_mul(half, x));
    x = thimble_lstm_wrap((int32_t)x + thimble_lstm_saturate((int32_t)thimble_lstm_mul(x, one_minus) * 4));
  }
  return x;
}

// Of Q3.12, in Q0.15: sigmoid(|x|) = 1 / (1 + exp(−|x|)).
static inline int16_t thimble_lstm_sigmoid_s16(int16_t x) {
  if (x == 0) return 16384;
  const int16_t e = thimble_lstm_exp(x > 0 ? thimble_lstm_wrap(-(int32_t)x) : x, 3);
  const int16_t positive = thimble_lstm_saturate((int32_t)thimble_lstm_reciprocal(e) * 2);
  return x > 0 ? positive : thimble_lstm_wrap((int32_t)32767 - positive);
}

// Of Qm.(15 − m) for m in 0 … 6, in Q0.15: tanh(|x|) = (1 − exp(−2|x|)) / (1 + exp(−2|x|)); twice x is x with one more
// integer bit.
static inline int16_t thimble_lstm_tanh_s16(int16_t x, int integer_bits) {
  if (x == 0) return 0;
  const int16_t e = thimble_lstm_exp(x < 0 ? x : thimble_lstm_wrap(-(int32_t)x), integer_bits + 1);
  const int32_t above = thimble_lstm_wrap(thimble_lstm_reciprocal(e) - ((int32_t)1 << 13));
  const int16_t t = thimble_lstm_saturate(above * 4);
  return x < 0 ? thimble_lstm_wrap(-(int32_t)t) : t;
}

// The pre-activation of a gate in Q3.12 from its two sums.
THIMBLE_INLINE int16_t thimble_lstm_gate_s16(const thimble_lstm_multiplier* input,
                                             const thimble_lstm_multiplier* recurrent, int32_t from_x, int32_t from_h) {
  const int16_t first = thimble_lstm_saturate(thimble_rescale(from_x, input->multiplier, input->shift));
  const int32_t second = thimble_rescale(from_h, recurrent->multiplier, recurrent->shift);
  return thimble_lstm_saturate(first + thimble_clamp(second, -65536, 65536));
}

// One unit: c is updated, the new h returned. gate: the four pre-activations.
static inline int8_t thimble_lstm_cell_s8(const thimble_unidirectional_sequence_lstm* p, const int16_t* gate,
                                          int16_t* c) {
  const int16_t i = thimble_lstm_sigmoid_s16(gate[0]), f = thimble_lstm_sigmoid_s16(gate[1]);
  const int16_t g = thimble_lstm_tanh_s16(gate[2], 3), o = thimble_lstm_sigmoid_s16(gate[3]);
  const int16_t kept = thimble_lstm_wrap(thimble_divide_by_power((int32_t)f * *c, 15));
  const int16_t added = thimble_lstm_wrap(thimble_divide_by_power((int32_t)i * g, 30 + p->cell_power));
  int16_t cell = thimble_lstm_saturate((int32_t)kept + added);
  if (p->cell_clip > 0) cell = (int16_t)thimble_clamp(cell, -p->cell_clip, p->cell_clip);
  *c = cell;
  const int32_t product = (int32_t)o * thimble_lstm_tanh_s16(cell, 15 + p->cell_power);
  const int32_t h = thimble_rescale(product, p->hidden.multiplier, p->hidden.shift);
  return (int8_t)thimble_clamp(thimble_add(h, p->y_zero), -128, 127);
}

// Σ (row − zero) · w, modulo 2^32.
THIMBLE_INLINE uint32_t thimble_lstm_sum_s8(const int8_t* row, const int8_t* w, thimble_dim n, int32_t zero) {
  uint32_t sum = 0;
  for (thimble_dim i = 0; i < n; ++i) sum += (uint32_t)((row[i] - zero) * thimble_read_s8(w + i));
  return sum;
}

static inline void thimble_unidirectional_sequence_lstm_s8(const thimble_unidirectional_sequence_lstm* p,
                                                           const int8_t* x, const thimble_lstm_weights_s8* weights,
                                                           int8_t* h, int16_t* c, int8_t* y) {
  const thimble_dim inputs = p->inputs, units = p->units;
  for (thimble_dim t = 0; t < p->time; ++t)
    for (thimble_dim b = 0; b < p->batch; ++b) {
      const thimble_dim row = t * p->step + b * p->sample;
      int8_t* const next = y + row * units;
      for (thimble_dim u = 0; u < units; ++u) {
        int16_t gate[4];
        for (int g = 0; g < 4; ++g) {
          const uint32_t bias = (uint32_t)thimble_read_s32(weights->bias[g] + u);
          const uint32_t from_x =
              bias + thimble_lstm_sum_s8(x + row * inputs, weights->input[g] + u * inputs, inputs, p->x_zero);
          const uint32_t from_h =
              thimble_lstm_sum_s8(h + b * units, weights->recurrent[g] + u * units, units, p->h_zero);
          gate[g] = thimble_lstm_gate_s16(&p->input[g], &p->recurrent[g], (int32_t)from_x, (int32_t)from_h);
        }
        next[u] = thimble_lstm_cell_s8(p, gate, c + b * units + u);
      }
      memcpy(h + b * units, next, (size_t)units);
    }
}

// ---- float32 ----
static inline float thimble_lstm_sigmoid_f32(float v) { return 1 / (1 + expf(-v)); }

static inline float thimble_lstm_activate_f32(const thimble_unidirectional_sequence_lstm* p, float v) {
  if (p->activation == THIMBLE_LSTM_TANH) return tanhf(v);
  return p->activation == THIMBLE_LSTM_SIGMOID ? thimble_lstm_sigmoid_f32(v) : thimble_clamp_f32(v, &p->range);
}

// Unit u: its cell c is updated, the new h returned. gate: the four pre-activations but for the peepholes.
static inline float thimble_lstm_cell_f32(const thimble_unidirectional_sequence_lstm* p, const float* const* peephole,
                                          thimble_dim u, const float* gate, float* c) {
  const float from_i = peephole[0] ? thimble_read_f32(peephole[0] + u) * *c : 0;
  const float from_f = peephole[1] ? thimble_read_f32(peephole[1] + u) * *c : 0;
  const float i = thimble_lstm_sigmoid_f32(gate[0] + from_i), f = thimble_lstm_sigmoid_f32(gate[1] + from_f);
  const float g = thimble_lstm_activate_f32(p, gate[2]);
  float cell = f * *c + i * g;
  if (p->clip > 0) cell = cell < -p->clip ? -p->clip : cell > p->clip ? p->clip : cell;
  *c = cell;
  const float from_o = peephole[2] ? thimble_read_f32(peephole[2] + u) * cell : 0;
  return thimble_lstm_sigmoid_f32(gate[3] + from_o) * thimble_lstm_activate_f32(p, cell);
}

static inline void thimble_unidirectional_sequence_lstm_f32(const thimble_unidirectional_sequence_lstm* p,
                                                            const float* x, const thimble_lstm_weights_f32* weights,
                                                            float* h, float* c, float* y) {
  const thimble_dim inputs = p->inputs, units = p->units;
  for (thimble_dim t = 0; t < p->time; ++t)
    for (thimble_dim b = 0; b < p->batch; ++b) {
      const thimble_dim row = t * p->step + b * p->sample;
      float* const next = y + row * units;
      for (thimble_dim u = 0; u < units; ++u) {
        float gate[4];
        for (int g = 0; g < 4; ++g) {
          const float *w = weights->input[g] + u * inputs, *r = weights->recurrent[g] + u * units;
          float sum = thimble_read_f32(weights->bias[g] + u);
          for (thimble_dim i = 0; i < inputs; ++i) sum += x[row * inputs + i] * thimble_read_f32(w + i);
          for (thimble_dim i = 0; i < units; ++i) sum += h[b * units + i] * thimble_read_f32(r + i);
          gate[g] = sum;
        }
        next[u] = thimble_lstm_cell_f32(p, weights->peephole, u, gate, c + b * units + u);
      }
      memcpy(h + b * units, next, (size_t)units * sizeof *h);
    }
}
