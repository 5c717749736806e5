#include <algorithm>
#include <cmath>

#include "ops/local_response_norm/local_response_norm.h"

namespace thimble::reference {

void local_response_norm(const RefCall& call) {
  const auto& a = call.node.attrs.as<LocalResponseNormAttrs>();
  const int64_t n = call.in[0].shape.dim(-1), rows = n > 0 ? call.in[0].shape.elements() / n : 0;
  const float* x = call.in[0].as<float>();
  float* y = call.out[0].as<float>();
  for (int64_t r = 0; r < rows; ++r, x += n, y += n)
    for (int64_t c = 0; c < n; ++c) {
      float sum = 0;
      for (int64_t k = std::max<int64_t>(c - a.radius, 0); k < std::min(n, c + a.radius + 1); ++k) sum += x[k] * x[k];
      y[c] = x[c] * std::pow(a.bias + a.alpha * sum, -a.beta);
    }
}

}  // namespace thimble::reference
