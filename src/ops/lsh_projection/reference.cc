#include <cstring>

#include "ops/lsh_projection/lsh_projection.h"

namespace thimble::reference {

void lsh_projection(const RefCall& call) {
  const auto& p = call.plan<thimble_lsh_projection>();
  const bool dense = call.node.attrs.as<LshProjectionAttrs>().dense;
  const float* seeds = call.in[0].as<float>();
  const float* weights = call.has(2) ? call.in[2].as<float>() : nullptr;
  auto* key = static_cast<uint8_t*>(call.scratch);
  auto* y = call.out[0].as<int32_t>();
  for (int64_t h = 0; h < p.hashes; ++h) {
    uint32_t bits = 0;
    for (int64_t b = 0; b < p.bits; ++b, ++seeds) {
      std::memcpy(key, seeds, 4);
      double score = 0;
      for (int64_t i = 0; i < p.items; ++i) {
        if (p.bytes > 0) std::memcpy(key + 4, call.in[1].as<uint8_t>() + i * p.bytes, static_cast<size_t>(p.bytes));
        const auto value =
            static_cast<double>(static_cast<int64_t>(fingerprint(key, 4 + static_cast<size_t>(p.bytes))));
        score += weights ? static_cast<double>(weights[i]) * value : value;
      }
      const uint32_t bit = score > 0;
      bits = bits << 1 | bit;
      if (dense) *y++ = static_cast<int32_t>(bit);
    }
    if (!dense) *y++ = static_cast<int32_t>(bits + static_cast<uint32_t>(h) * (uint32_t{1} << p.bits));
  }
}

}  // namespace thimble::reference
