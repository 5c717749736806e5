#include <cstring>

#include "ops/axes.h"
#include "ops/dilate/dilate.h"

namespace thimble::reference {

// Everything is the padding value; then each element goes to its place.
void dilate(const RefCall& call) {
  const TensorView &x = call.in[0], &y = call.out[0];
  const auto bytes = static_cast<size_t>(bits(x.type) / 8);
  const IntList by(call.in[1].type, call.in[1].data, call.in[1].shape.elements());
  auto* to = y.as<uint8_t>();
  for (int64_t i = 0; i < y.shape.elements(); ++i)
    std::memcpy(to + static_cast<size_t>(i) * bytes, call.in[2].data, bytes);
  for (int64_t i = 0; i < x.shape.elements(); ++i) {
    int64_t rest = i, place = 0, stride = 1;
    for (int d = x.shape.rank() - 1; d >= 0; --d) {
      place += rest % x.shape[d] * by.values[static_cast<size_t>(d)] * stride;
      rest /= x.shape[d];
      stride *= y.shape[d];
    }
    std::memcpy(to + static_cast<size_t>(place) * bytes, x.as<uint8_t>() + static_cast<size_t>(i) * bytes, bytes);
  }
}

}  // namespace thimble::reference
