#include "ops/fake_quant/fake_quant.h"

namespace thimble::reference {

void fake_quant(const RefCall& call) {
  const auto& p = call.plan<thimble_fake_quant>();
  const float* x = call.in[0].as<float>();
  float* y = call.out[0].as<float>();
  for (int64_t i = 0; i < p.n; ++i) y[i] = fake_quantized(p, x[i]);
}

}  // namespace thimble::reference
