#include <algorithm>

#include "ops/lstm/lstm.h"
#include "ops/op.h"

namespace thimble::reference {
namespace {

// Gradients of the gates' pre-activations, from the last step to the first:
//   dh_t = dy_t + recurrentᵀ·dgates_{t+1},  dc_t = dc_{t+1}·f_{t+1} + dh_t·o·(1 − tanh²c_t)
void through_time(const RefCall& call, const LstmDims& d, float* dgates, float* dh, float* dc) {
  const bool sequences = call.node.attrs.as<LstmGradAttrs>().return_sequences;
  const float *recurrent = call.in[2].as<float>(), *gates = call.in[3].as<float>(), *cells = call.in[4].as<float>(),
              *tanh_cells = call.in[5].as<float>(), *dy = call.in[7].as<float>();
  const int64_t units = d.units, state = d.batch * units;
  std::fill_n(dc, state, 0.0f);
  for (int64_t t = d.time - 1; t >= 0; --t)
    for (int64_t b = 0; b < d.batch; ++b) {
      const float *gate = gates + (t * d.batch + b) * 4 * units, *later = dgates + ((t + 1) * d.batch + b) * 4 * units;
      float* dgate = dgates + (t * d.batch + b) * 4 * units;
      for (int64_t u = 0; u < units; ++u) {
        float sum = sequences ? dy[(b * d.time + t) * units + u] : t == d.time - 1 ? dy[b * units + u] : 0;
        if (t < d.time - 1)
          for (int64_t j = 0; j < 4 * units; ++j) sum += later[j] * recurrent[j * units + u];
        dh[u] = sum;
      }
      for (int64_t u = 0; u < units; ++u) {
        const float i = gate[u], f = gate[units + u], g = gate[2 * units + u], o = gate[3 * units + u];
        const float tanh_c = tanh_cells[t * state + b * units + u];
        const float c_before = t > 0 ? cells[(t - 1) * state + b * units + u] : 0;
        const float d_c = dc[b * units + u] + dh[u] * o * (1 - tanh_c * tanh_c);
        dgate[u] = d_c * g * i * (1 - i);
        dgate[units + u] = d_c * c_before * f * (1 - f);
        dgate[2 * units + u] = d_c * i * (1 - g * g);
        dgate[3 * units + u] = dh[u] * tanh_c * o * (1 - o);
        dc[b * units + u] = d_c * f;
      }
    }
}

}  // namespace

void lstm_grad(const RefCall& call) {
  const LstmDims d = lstm_dims(call.in[0].shape, call.in[2].shape);
  const int64_t units = d.units, rows = 4 * units;
  auto* dgates = static_cast<float*>(call.scratch);
  float *dh = dgates + d.time * d.batch * rows, *dc = dh + d.batch * units;
  through_time(call, d, dgates, dh, dc);

  const float *x = call.in[0].as<float>(), *kernel = call.in[1].as<float>(), *hidden = call.in[6].as<float>();
  float *dkernel = call.out[0].as<float>(), *drecurrent = call.out[1].as<float>(), *dbias = call.out[2].as<float>();
  std::fill_n(dkernel, rows * d.inputs, 0.0f);
  std::fill_n(drecurrent, rows * units, 0.0f);
  std::fill_n(dbias, rows, 0.0f);
  for (int64_t b = 0; b < d.batch; ++b)
    for (int64_t t = 0; t < d.time; ++t) {
      const float *dgate = dgates + (t * d.batch + b) * rows, *xt = x + (b * d.time + t) * d.inputs;
      for (int64_t j = 0; j < rows; ++j) {
        for (int64_t i = 0; i < d.inputs; ++i) dkernel[j * d.inputs + i] += dgate[j] * xt[i];
        for (int64_t u = 0; t > 0 && u < units; ++u)
          drecurrent[j * units + u] += dgate[j] * hidden[((t - 1) * d.batch + b) * units + u];
        dbias[j] += dgate[j];
      }
      if (call.out.size() < 4) continue;
      float* dx = call.out[3].as<float>() + (b * d.time + t) * d.inputs;
      for (int64_t i = 0; i < d.inputs; ++i) {
        dx[i] = 0;
        for (int64_t j = 0; j < rows; ++j) dx[i] += dgate[j] * kernel[j * d.inputs + i];
      }
    }
}

}  // namespace thimble::reference
