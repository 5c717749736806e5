#include "ops/lstm/lower_sequence.h"

namespace thimble {

void run_lstm_sequence(const LstmSequence& s, int part, int parts) {
  const Range r = part_range(s.batch, part, parts, s.kernels->gemm_f32.mr);
  const int64_t rows = r.end - r.begin, units = s.units;
  if (rows <= 0) return;
  // The inputs' share of all steps at once where the whole batch is this part's.
  const bool at_once = rows == s.batch;
  if (at_once) {
    GemmF32Args all = s.input;
    all.c = s.gates;
    s.kernels->gemm_f32.run(all);
  }
  for (int64_t t = 0; t < s.time; ++t) {
    const int64_t row = t * s.batch + r.begin;
    float* gates = s.gates + row * 4 * units;
    if (!at_once) {
      GemmF32Args step = s.input;
      step.m = rows;
      step.offsets += row;
      step.c = gates;
      s.kernels->gemm_f32.run(step);
    }
    GemmF32Args back{.m = rows, .n = 4 * units, .k = units, .ldc = 4 * units, .accumulate = true};
    back.b = s.recurrent;
    back.c = gates;
    if (t > 0) {
      back.a = s.h + (t - 1) * s.h_step + r.begin * s.h_row;
      back.lda = s.h_row;
    } else if (s.h0 != nullptr) {
      back.a = s.h0 + r.begin * units;
      back.lda = units;
    }
    if (back.a != nullptr) s.kernels->gemm_f32.run(back);
    LstmCellArgs cell{.rows = rows, .units = units, .ldh = s.h_row, .cell_clip = s.cell_clip};
    cell.gates = gates;
    cell.c_prev = (t > 0 ? s.c + (t - 1) * s.c_step : s.c0) + r.begin * units;
    cell.c = s.c + t * s.c_step + r.begin * units;
    if (s.tanh_c != nullptr) cell.tanh_c = s.tanh_c + row * units;
    cell.h = s.h + t * s.h_step + r.begin * s.h_row;
    s.kernels->lstm.cell_f32(cell);
  }
}

std::vector<int32_t> lstm_row_offsets(int64_t batch, int64_t time, int64_t inputs, bool time_major) {
  std::vector<int32_t> offsets(static_cast<size_t>(batch * time));
  for (int64_t t = 0; t < time; ++t)
    for (int64_t b = 0; b < batch; ++b) {
      const int64_t row = t * batch + b;
      offsets[static_cast<size_t>(row)] = static_cast<int32_t>((time_major ? row : b * time + t) * inputs);
    }
  return offsets;
}

int lstm_parts(const LowerContext& ctx, int64_t batch, double flops) {
  return batch >= 2 * ctx.kernels.gemm_f32.mr ? ctx.parts_for(flops / 30) : 1;
}

}  // namespace thimble
