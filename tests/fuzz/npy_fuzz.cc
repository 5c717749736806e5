// Any bytes as .npy and as .npz: refused, or arrays whose bytes fit their shape.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "data/npy.h"

namespace {
void check(const thimble::NpyArray& a) {
  if (static_cast<int64_t>(a.bytes.size()) != a.elements() * thimble::npy_item_size(a.dtype)) std::abort();
  if (static_cast<int64_t>(a.as_floats().size()) != a.elements()) std::abort();
  (void)a.as_integers();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (auto array = thimble::parse_npy({data, size})) check(*array);
  if (auto arrays = thimble::parse_npz({data, size}))
    for (const auto& [name, array] : *arrays) check(array);
  return 0;
}
