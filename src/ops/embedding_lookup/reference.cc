#include <cstring>

#include "ops/embedding_lookup/embedding_lookup.h"

namespace thimble::reference {

void embedding_lookup(const RefCall& call) {
  const auto& p = call.plan<thimble_embedding_lookup>();
  const auto* indices = call.in[0].as<int32_t>();
  const TensorView& table = call.in[1];
  const int64_t row = p.columns * p.width;
  for (int64_t i = 0; i < p.count; ++i) {
    const int64_t at = indices[i];
    if (at < 0 || at >= p.rows) {
      if (call.fault) call.fault->index(at, p.rows);
    } else if (p.hybrid) {
      const float scale = table.scale(static_cast<size_t>(at));
      const int8_t* from = table.as<int8_t>() + at * p.columns;
      float* to = call.out[0].as<float>() + i * p.columns;
      for (int64_t k = 0; k < p.columns; ++k) to[k] = static_cast<float>(from[k]) * scale;
    } else if (row > 0) {
      std::memcpy(call.out[0].as<uint8_t>() + i * row, table.as<uint8_t>() + at * row, static_cast<size_t>(row));
    }
  }
}

}  // namespace thimble::reference
