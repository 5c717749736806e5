#include <algorithm>

#include "ops/gather/gather.h"

namespace thimble::reference {

void gather(const RefCall& call) {
  const auto& p = call.plan<thimble_gather>();
  const TensorView &x = call.in[0], &indices = call.in[1], &y = call.out[0];
  const thimble_dim fault = indices.type == DType::i64
                                ? thimble_gather_s64(&p, x.data, indices.as<int64_t>(), y.data, 0)
                                : thimble_gather_s32(&p, x.data, indices.as<int32_t>(), y.data, 0, 0);
  if (fault >= 0 && call.fault) call.fault->index(gather_index(indices.type, indices.data, fault), p.length);
}

void gather_grad(const RefCall& call) {
  const auto& p = call.plan<thimble_gather>();
  const int64_t inner = p.bytes / 4;
  const float* dy = call.in[0].as<float>();
  float* dx = call.out[0].as<float>();
  std::fill_n(dx, call.out[0].shape.elements(), 0.0f);
  for (int64_t row = 0; row < p.batches * p.outer; ++row, dx += p.length * inner)
    for (int64_t k = 0; k < p.count; ++k, dy += inner) {
      const int64_t at = gather_index(call.in[1].type, call.in[1].data, row / p.outer * p.count + k);
      if (at < 0 || at >= p.length) {
        if (call.fault) call.fault->index(at, p.length);
        continue;
      }
      for (int64_t i = 0; i < inner; ++i) dx[at * inner + i] += dy[i];
    }
}

}  // namespace thimble::reference
