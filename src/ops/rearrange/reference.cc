#include <algorithm>

#include "ops/rearrange/rearrange.h"

namespace thimble::reference {

void rearrange(const RefCall& call) {
  thimble_rearrange_elements(&call.plan<thimble_rearrange>(), call.in[0].data, call.out[0].data, 0);
}

// The walk of the forward operator, by single floats.
void rearrange_grad(const RefCall& call) {
  const auto& p = call.plan<thimble_rearrange>();
  const float* dy = call.in[0].as<float>();
  float* dx = call.out[0].as<float>();
  std::fill_n(dx, call.out[0].shape.elements(), 0.0f);
  if (p.run == 0) return;
  thimble_dim runs = 1;
  for (thimble_dim d = 0; d < p.rank; ++d) runs *= p.dims[d];
  for (thimble_dim run = 0; run < runs; ++run) {
    thimble_dim place = p.base, left = run, table = 0;
    for (thimble_dim d = 0; d < p.rank; ++d) table += p.dims[d];
    for (thimble_dim d = p.rank - 1; d >= 0; --d) {
      table -= p.dims[d];
      place += p.places[table + left % p.dims[d]];
      left /= p.dims[d];
    }
    for (thimble_dim i = 0; i < p.run / 4; ++i) {
      const thimble_dim walked = run * p.run / 4 + i, other = place / 4 + i;
      if (p.scatters)
        dx[walked] += dy[other];
      else
        dx[other] += dy[walked];
    }
  }
}

}  // namespace thimble::reference
