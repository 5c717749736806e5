// The IDX reader: whatever the bytes are, it answers with a table that fits them or with an Error.
#include <cstdlib>

#include "data/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const int rank : {1, 3}) {
    const auto idx = thimble::parse_idx({data, size}, rank);
    if (!idx) {
      if (idx.error().message.empty()) std::abort();
      continue;
    }
    size_t count = 1;
    for (const int64_t n : idx->shape) count *= static_cast<size_t>(n);
    if (static_cast<int>(idx->shape.size()) != rank || count != idx->bytes.size()) std::abort();
  }
  return 0;
}
