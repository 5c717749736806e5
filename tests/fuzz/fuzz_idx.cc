// Any bytes as an IDX file, plain or gzip: refused, or an array of the announced size.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "data/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (int rank : {1, 3})
    if (auto idx = thimble::parse_idx({data, size}, rank)) {
      int64_t total = 1;
      for (int64_t d : idx->shape) total *= d;
      if (static_cast<int64_t>(idx->bytes.size()) != total) std::abort();
    }
  return 0;
}
