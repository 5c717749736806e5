// The pointwise half of an LSTM step backward, a register of units at a time.
#include "kernels/f32_fill.h"
#include "kernels/lstm.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

void cell_grad_f32(const LstmCellGradArgs& a) {
  const int64_t units = a.units;
  for (int64_t row = 0; row < a.rows; ++row) {
    const float* gates = a.gates + row * 4 * units;
    float* dgates = a.dgates + row * 4 * units;
    for_runs(units, [&](int64_t u, auto run) {
      const F i = load(gates + u, run), f = load(gates + units + u, run);
      const F g = load(gates + 2 * units + u, run), o = load(gates + 3 * units + u, run);
      const F c_prev = load(a.c_prev + row * units + u, run), tanh_c = load(a.tanh_c + row * units + u, run);
      const F dh = load(a.dh + row * units + u, run);
      const F dc = fma(dh * o, fma(-tanh_c, tanh_c, set1(1.0f)), load(a.dc + row * units + u, run));
      store(dgates + u, dc * g * i * (1.0f - i), run);
      store(dgates + units + u, dc * c_prev * f * (1.0f - f), run);
      store(dgates + 2 * units + u, dc * i * fma(-g, g, set1(1.0f)), run);
      store(dgates + 3 * units + u, dh * tanh_c * o * (1.0f - o), run);
      store(a.dc + row * units + u, dc * f, run);
    });
  }
}

}  // namespace

void THIMBLE_FILL(lstm_grad)(LstmKernels& table) { table.cell_grad_f32 = cell_grad_f32; }

}  // namespace thimble
