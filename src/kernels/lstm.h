// The pointwise half of an LSTM step; the products with the weights are gemm's.
#pragma once

#include <cstdint>

namespace thimble {

// Gate order i, f, g, o (Keras: input, forget, cell, output), each `units` wide, rows of 4·units.
// In: gates = pre-activations (bias included). Out: gates = activated values (kept for the gradient).
//   c = f·c_prev + i·g (g = tanh), then clip to ±cell_clip where > 0;  h = o · tanh(c)
struct LstmCellArgs {
  int64_t rows = 0, units = 0;
  float* gates = nullptr;         // [rows, 4·units], activated in place
  const float* c_prev = nullptr;  // [rows, units]
  float* c = nullptr;             // [rows, units] (may equal c_prev)
  float* tanh_c = nullptr;        // [rows, units] or null
  float* h = nullptr;             // row stride ldh
  int64_t ldh = 0;
  float cell_clip = 0;
};

// Backward of one step. In: activated gates, c_prev, tanh_c, dh (total), dc (from the later step).
// Out: dgates = gradient of the pre-activations, dc = gradient to the earlier step (in place).
struct LstmCellGradArgs {
  int64_t rows = 0, units = 0;
  const float* gates = nullptr;
  const float* c_prev = nullptr;
  const float* tanh_c = nullptr;
  const float* dh = nullptr;  // [rows, units]
  float* dc = nullptr;        // [rows, units]
  float* dgates = nullptr;    // [rows, 4·units]
};

// The integer 8x8_16 form, exact: what ops/unidirectional_sequence_lstm/kernel.h defines.
// Pre-activations in Q3.12 from the sums of one product (with x or with h), per column j:
//   gates[m][j] = sat16(old + requant(sums[m][j] + bias[j], multiplier[j], shift[j]))
// old = gates' value if accumulate, else 0; requant as in gemm_s8.h. Sums are whole numbers in floats, as
// gemm_s8's run_dequant gives them with all scales 1: exact below 2^24 (k ≤ 518); bias is folded.
struct LstmGatesS16Args {
  int64_t rows = 0, units = 0;
  const float* sums = nullptr;                                             // [rows, 4·units]
  const int32_t *bias = nullptr, *multiplier = nullptr, *shift = nullptr;  // [4·units]
  int16_t* gates = nullptr;                                                // [rows, 4·units]
  bool accumulate = false;
};

// Gate order i, f, g, o. gates: activated in place (Q0.15); c: Q(15 + power).(−power), updated in place,
// clipped to ±cell_clip where > 0.
//   c = sat16((f·c >> 15) + (i·g >> (30 + power))),  h = sat8(requant(o·tanh(c)) + zero_point), stored xor 0x80
struct LstmCellS16Args {
  int64_t rows = 0, units = 0;
  int16_t* gates = nullptr;  // [rows, 4·units]
  int16_t* c = nullptr;      // [rows, units]
  uint8_t* h = nullptr;      // [rows, units]
  int32_t power = -11;       // log2 of the cell's scale, −15 … −9
  int32_t cell_clip = 0;
  int32_t multiplier = 0, shift = 0, zero_point = 0;
};

struct LstmKernels {
  const char* name = nullptr;
  void (*cell_f32)(const LstmCellArgs&) = nullptr;
  void (*cell_grad_f32)(const LstmCellGradArgs&) = nullptr;
  void (*gates_s16)(const LstmGatesS16Args&) = nullptr;
  void (*cell_s16)(const LstmCellS16Args&) = nullptr;
};

}  // namespace thimble
