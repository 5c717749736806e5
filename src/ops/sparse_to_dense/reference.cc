#include <cstring>

#include "ops/index_list.h"
#include "ops/sparse_to_dense/sparse_to_dense.h"
#include "ops/strided_copy_kernel.h"

namespace thimble::reference {

void sparse_to_dense(const RefCall& call) {
  const auto& p = call.plan<thimble_sparse_to_dense>();
  const TensorView& y = call.out[0];
  const auto* values = call.in[2].as<uint8_t>();
  thimble_fill(y.data, y.shape.elements(), p.width, call.in[3].as<uint8_t>());
  for (int64_t i = 0; i < p.count; ++i) {
    int64_t place = 0;
    bool inside = true;
    for (int d = 0; d < p.rank && inside; ++d) {
      const int64_t at = index_at(call.in[0], i * p.rank + d);
      inside = at >= 0 && at < y.shape[d];
      if (!inside && call.fault) call.fault->index(at, y.shape[d]);
      place = place * y.shape[d] + at;
    }
    if (inside)
      std::memcpy(y.as<uint8_t>() + place * p.width, values + (p.scalar ? 0 : i) * p.width,
                  static_cast<size_t>(p.width));
  }
}

}  // namespace thimble::reference
