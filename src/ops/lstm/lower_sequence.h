// Running a whole LSTM sequence forward in float32: what the training form and the deployment form
// share once their operands are bound.
#pragma once

#include "runtime/lower.h"

namespace thimble {

struct LstmSequence {
  const KernelTable* kernels;
  int64_t batch, time, units;
  // gates[time, batch, 4·units] = x·kernelᵀ + bias; input.offsets holds one offset per row of gates
  // (step-major) into x.
  GemmF32Args input;
  const float* recurrent;  // packed
  float* gates;
  // h of row b after step t lies at h + t·h_step + b·h_row, likewise before the first step at h0
  // (rows of `units`; null: zero).
  const float* h0;
  float* h;
  int64_t h_step, h_row;
  // c_step 0: c is one state, updated in place (c0 = c).
  const float* c0;
  float* c;
  int64_t c_step;
  float* tanh_c;  // rows like c with step batch·units; null: not kept
  float cell_clip;
};

// Part `part` of `parts` takes a share of the batch through all steps.
void run_lstm_sequence(const LstmSequence& s, int part, int parts);

// Row offsets into x for LstmSequence::input: step t, sample b → x[b, t] (batch-major) or x[t, b].
std::vector<int32_t> lstm_row_offsets(int64_t batch, int64_t time, int64_t inputs, bool time_major);

// 1 for a single sample, else what the work is worth.
int lstm_parts(const LowerContext& ctx, int64_t batch, double flops);

}  // namespace thimble
