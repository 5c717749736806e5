#include "ops/where/where.h"

namespace thimble::reference {

void where(const RefCall& call) {
  const TensorView& x = call.in[0];
  const int rank = x.shape.rank();
  int64_t* y = call.out[0].as<int64_t>();
  int64_t left = call.out[0].shape[0];
  for (int64_t i = 0; i < x.shape.elements() && left > 0; ++i) {
    if (!holds_at(x.type, x.data, i)) continue;
    int64_t rest = i;
    for (int d = rank; d-- > 0; rest /= x.shape[d]) y[d] = rest % x.shape[d];
    y += rank;
    --left;
  }
}

}  // namespace thimble::reference
