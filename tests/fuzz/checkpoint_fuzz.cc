// Any bytes as the checkpoint of a training, as they stand and with a checksum that fits (so that they reach the
// fields): refused as damaged, or read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/hash.h"
#include "train/checkpoint.h"

namespace {
void check(std::span<const uint8_t> bytes) {
  const auto checkpoint = thimble::parse_checkpoint(bytes, "fuzz");
  if (!checkpoint && checkpoint.error().code != thimble::ErrorCode::bad_file) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check({data, size});
  if (size < 8) return 0;
  std::vector<uint8_t> sealed(data, data + size);
  const uint64_t sum = thimble::checksum64(std::span<const uint8_t>(sealed).first(size - 8));
  std::memcpy(sealed.data() + size - 8, &sum, 8);
  check(sealed);
  return 0;
}
