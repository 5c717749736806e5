#include <algorithm>
#include <cfloat>

#include "ops/add_n/add_n.h"

namespace thimble::reference {

void add_n(const RefCall& call) {
  const int64_t n = call.plan<thimble_add_n>().n;
  for (int64_t i = 0; i < n; ++i) {
    if (call.in[0].type == DType::f32) {
      float sum = call.in[0].as<float>()[i];
      for (size_t k = 1; k < call.in.size(); ++k)
        sum = std::min(std::max(sum + call.in[k].as<float>()[i], -FLT_MAX), FLT_MAX);
      call.out[0].as<float>()[i] = sum;
    } else {
      uint32_t sum = 0;
      for (const TensorView& x : call.in) sum += x.as<uint32_t>()[i];
      call.out[0].as<uint32_t>()[i] = sum;
    }
  }
}

}  // namespace thimble::reference
