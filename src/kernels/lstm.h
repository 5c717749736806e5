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

struct LstmKernels {
  const char* name = nullptr;
  void (*cell_f32)(const LstmCellArgs&) = nullptr;
  void (*cell_grad_f32)(const LstmCellGradArgs&) = nullptr;
};

}  // namespace thimble
