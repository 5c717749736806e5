#include "ops/op.h"
#include "ops/relu_grad/relu_grad.h"

namespace thimble::reference {

void relu_grad(const RefCall& call) {
  float lo, hi;
  activation_range(call.node.attrs.as<ReluGradAttrs>().activation, &lo, &hi);
  const float *y = call.in[0].as<float>(), *dy = call.in[1].as<float>();
  float* dx = call.out[0].as<float>();
  for (int64_t i = 0; i < call.in[0].shape.elements(); ++i) dx[i] = y[i] > lo && y[i] < hi ? dy[i] : 0;
}

}  // namespace thimble::reference
