#include <algorithm>
#include <cmath>

#include "ops/lstm/lstm.h"
#include "ops/op.h"

namespace thimble::reference {

void lstm(const RefCall& call) {
  const LstmDims d = lstm_dims(call.in[0].shape, call.in[2].shape);
  const bool sequences = call.node.attrs.as<LstmAttrs>().return_sequences;
  const float clip = call.node.attrs.as<LstmAttrs>().cell_clip;
  const float *x = call.in[0].as<float>(), *kernel = call.in[1].as<float>(), *recurrent = call.in[2].as<float>(),
              *bias = call.in[3].as<float>();
  float *y = call.out[0].as<float>(), *gates = call.out[1].as<float>(), *cells = call.out[2].as<float>(),
        *tanh_cells = call.out[3].as<float>(), *hidden = call.out[4].as<float>();
  const int64_t units = d.units;
  for (int64_t t = 0; t < d.time; ++t)
    for (int64_t b = 0; b < d.batch; ++b) {
      const int64_t row = t * d.batch + b, before = row - d.batch;
      float* gate = gates + row * 4 * units;
      for (int64_t j = 0; j < 4 * units; ++j) {
        float sum = bias[j];
        for (int64_t i = 0; i < d.inputs; ++i) sum += x[(b * d.time + t) * d.inputs + i] * kernel[j * d.inputs + i];
        for (int64_t i = 0; t > 0 && i < units; ++i) sum += hidden[before * units + i] * recurrent[j * units + i];
        const bool cell_gate = j / units == 2;
        gate[j] = cell_gate ? std::tanh(sum) : 1 / (1 + std::exp(-sum));
      }
      for (int64_t u = 0; u < units; ++u) {
        const float i = gate[u], f = gate[units + u], g = gate[2 * units + u], o = gate[3 * units + u];
        float c = f * (t > 0 ? cells[before * units + u] : 0) + i * g;
        if (clip > 0) c = std::clamp(c, -clip, clip);
        cells[row * units + u] = c;
        tanh_cells[row * units + u] = std::tanh(c);
        const float h = o * std::tanh(c);
        hidden[row * units + u] = h;
        if (sequences) y[(b * d.time + t) * units + u] = h;
        if (!sequences && t == d.time - 1) y[b * units + u] = h;
      }
    }
}

}  // namespace thimble::reference
