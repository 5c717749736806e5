#include <cstring>

#include "base/half.h"
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
      const float whole = p.blocks > 0 ? 0 : table.scale(static_cast<size_t>(at));
      const int8_t* from = table.as<int8_t>() + at * p.columns;
      float* to = call.out[0].as<float>() + i * p.columns;
      const int64_t blocks = p.blocks > 0 ? p.blocks : 1, block = p.columns / blocks;
      for (int64_t g = 0; g < blocks; ++g) {
        const float scale = p.blocks > 0 ? half_to_float(call.in[2].as<uint16_t>()[at * blocks + g]) : whole;
        for (int64_t k = 0; k < block; ++k) *to++ = static_cast<float>(*from++) * scale;
      }
    } else if (row > 0) {
      std::memcpy(call.out[0].as<uint8_t>() + i * row, table.as<uint8_t>() + at * row, static_cast<size_t>(row));
    }
  }
}

}  // namespace thimble::reference
