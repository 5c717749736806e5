#include <cstring>

#include "ops/index_list.h"
#include "ops/one_hot/one_hot.h"
#include "ops/strided_copy_kernel.h"

namespace thimble::reference {

void one_hot(const RefCall& call) {
  const auto& p = call.plan<thimble_one_hot>();
  auto* y = call.out[0].as<uint8_t>();
  thimble_fill(y, call.out[0].shape.elements(), p.width, call.in[3].as<uint8_t>());
  for (int64_t o = 0; o < p.outer; ++o)
    for (int64_t i = 0; i < p.inner; ++i)
      if (const int64_t at = index_at(call.in[0], o * p.inner + i); at >= 0 && at < p.depth)
        std::memcpy(y + ((o * p.depth + at) * p.inner + i) * p.width, call.in[2].data, static_cast<size_t>(p.width));
}

}  // namespace thimble::reference
