// The pointwise half of an LSTM step, a register of units at a time.
#include "kernels/lstm.h"

#include "kernels/f32_fill.h"
#include "kernels/lstm_s16.h"
#include "kernels/vec.h"
#include "kernels/vec_math.h"

namespace thimble {
namespace {

void cell_f32(const LstmCellArgs& a) {
  const int64_t units = a.units;
  const F clip = set1(a.cell_clip);
  for (int64_t row = 0; row < a.rows; ++row) {
    float* gates = a.gates + row * 4 * units;
    for_runs(units, [&](int64_t u, auto run) {
      const F i = sigmoid_f(load(gates + u, run)), f = sigmoid_f(load(gates + units + u, run));
      const F g = tanh_f(load(gates + 2 * units + u, run)), o = sigmoid_f(load(gates + 3 * units + u, run));
      F c = fma(f, load(a.c_prev + row * units + u, run), i * g);
      if (a.cell_clip > 0) c = clamp(c, -clip, clip);
      const F tanh_c = tanh_f(c);
      store(gates + u, i, run);
      store(gates + units + u, f, run);
      store(gates + 2 * units + u, g, run);
      store(gates + 3 * units + u, o, run);
      store(a.c + row * units + u, c, run);
      if (a.tanh_c != nullptr) store(a.tanh_c + row * units + u, tanh_c, run);
      store(a.h + row * a.ldh + u, o * tanh_c, run);
    });
  }
}

}  // namespace

void THIMBLE_FILL(lstm)(LstmKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  table.cell_f32 = cell_f32;
  fill_lstm_s16(table);
}

}  // namespace thimble
