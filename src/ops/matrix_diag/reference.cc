#include <algorithm>
#include <cstring>

#include "ops/matrix_diag/matrix_diag.h"

namespace thimble::reference {

void matrix_diag(const RefCall& call) {
  const auto& p = call.plan<thimble_matrix_diag>();
  const bool sets = call.node.op == Op::matrix_set_diag;
  const auto* diagonal = call.in[sets ? 1 : 0].as<uint8_t>();
  auto* y = call.out[0].as<uint8_t>();
  const auto bytes = static_cast<size_t>(byte_size(call.out[0].type, call.out[0].shape));
  if (bytes == 0) return;
  if (!sets)
    std::memset(y, 0, bytes);
  else if (y != call.in[0].data)
    std::memcpy(y, call.in[0].data, bytes);
  for (int64_t b = 0; b < p.batches; ++b, y += p.rows * p.columns * p.width)
    for (int64_t i = 0; i < std::min(p.rows, p.columns); ++i, diagonal += p.width)
      std::memcpy(y + i * (p.columns + 1) * p.width, diagonal, static_cast<size_t>(p.width));
}

}  // namespace thimble::reference
