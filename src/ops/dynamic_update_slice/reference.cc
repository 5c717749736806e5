#include <algorithm>
#include <cstring>

#include "ops/dynamic_update_slice/dynamic_update_slice.h"
#include "ops/index_list.h"

namespace thimble::reference {

void dynamic_update_slice(const RefCall& call) {
  const auto& p = call.plan<thimble_dynamic_update_slice>();
  auto* y = call.out[0].as<uint8_t>();
  if (p.bytes == 0) return;
  if (y != call.in[0].data) std::memcpy(y, call.in[0].data, static_cast<size_t>(p.bytes));
  int64_t offset = 0;
  for (thimble_dim d = 0; d < p.rank; ++d)
    offset += std::clamp<int64_t>(index_at(call.in[2], d), 0, p.most[d]) * p.strides[d];
  thimble_copy_strided(&p.copy, call.in[1].data, y + offset, 0);
}

}  // namespace thimble::reference
