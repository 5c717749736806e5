#include <algorithm>

#include "ops/op.h"

namespace thimble::reference {

void fully_connected_grad_input(const RefCall& call) {
  const float *dy = call.in[0].as<float>(), *w = call.in[1].as<float>();
  const int64_t outputs = call.in[1].shape[0], inputs = call.in[1].shape[1],
                batch = call.in[0].shape.elements() / outputs;
  float* dx = call.out[0].as<float>();
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < inputs; ++i) {
      float sum = 0;
      for (int64_t o = 0; o < outputs; ++o) sum += dy[b * outputs + o] * w[o * inputs + i];
      dx[b * inputs + i] = sum;
    }
}

void fully_connected_grad_weights(const RefCall& call) {
  const float *x = call.in[0].as<float>(), *dy = call.in[1].as<float>();
  const int64_t outputs = call.out[0].shape[0], inputs = call.out[0].shape[1],
                batch = call.in[1].shape.elements() / outputs;
  float* dw = call.out[0].as<float>();
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t i = 0; i < inputs; ++i) {
      float sum = 0;
      for (int64_t b = 0; b < batch; ++b) sum += dy[b * outputs + o] * x[b * inputs + i];
      dw[o * inputs + i] = sum;
    }
}

void bias_grad(const RefCall& call) {
  const float* dy = call.in[0].as<float>();
  float* db = call.out[0].as<float>();
  const int64_t channels = call.out[0].shape[0], rows = channels ? call.in[0].shape.elements() / channels : 0;
  std::fill(db, db + channels, 0.0f);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < channels; ++c) db[c] += dy[r * channels + c];
}

}  // namespace thimble::reference
