// Any bytes as a packed model, as they stand and with a checksum that fits (so that they reach the decoder):
// refused, or a graph that verifies.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/hash.h"
#include "formats/thim/thim.h"
#include "ops/check.h"

namespace {
void check(std::span<const uint8_t> bytes) {
  const auto graph = thimble::read_thim(bytes);
  if (graph && !thimble::verify(*graph)) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check({data, size});
  if (size < 4) return 0;
  std::vector<uint8_t> sealed(data, data + size - 4);
  const uint32_t sum = thimble::crc32(sealed);
  for (int i = 0; i < 4; ++i) sealed.push_back(static_cast<uint8_t>(sum >> (8 * i)));
  check(sealed);
  return 0;
}
