#include <cmath>

#include "ops/complex/complex.h"

namespace thimble::reference {

void complex(const RefCall& call) {
  const int64_t n = call.plan<thimble_complex>().n;
  const float* x = call.in[0].as<float>();
  float* y = call.out[0].as<float>();
  for (int64_t i = 0; i < n; ++i, x += 2)
    y[i] = call.node.op == Op::real ? x[0] : call.node.op == Op::imag ? x[1] : std::hypot(x[0], x[1]);
}

}  // namespace thimble::reference
