#include <cstring>

#include "ops/hashtable_lookup/hashtable_lookup.h"

namespace thimble::reference {

void hashtable_lookup(const RefCall& call) {
  const auto& p = call.plan<thimble_hashtable_lookup>();
  const auto *lookup = call.in[0].as<int32_t>(), *keys = call.in[1].as<int32_t>();
  const auto* values = call.in[2].as<uint8_t>();
  auto *y = call.out[0].as<uint8_t>(), *hits = call.out[1].as<uint8_t>();
  const auto bytes = static_cast<size_t>(p.bytes);
  for (int64_t i = 0; i < p.count; ++i, y += p.bytes) {
    int64_t low = 0, high = p.keys, found = -1;
    while (low < high && found < 0) {
      const int64_t middle = (low + high) / 2;
      if (lookup[i] < keys[middle])
        high = middle;
      else if (lookup[i] > keys[middle])
        low = middle + 1;
      else
        found = middle;
    }
    hits[i] = found >= 0;
    if (bytes == 0) continue;
    if (found >= 0)
      std::memcpy(y, values + found * p.bytes, bytes);
    else
      std::memset(y, 0, bytes);
  }
}

}  // namespace thimble::reference
