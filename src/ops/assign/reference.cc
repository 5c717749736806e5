#include <cstring>

#include "ops/assign/assign.h"

namespace thimble::reference {

void assign(const RefCall& call) {
  const TensorView &variable = call.in[0], &value = call.in[1];
  const auto bytes = static_cast<size_t>(byte_size(value.type, value.shape));
  if (bytes > 0 && variable.data != value.data) std::memcpy(variable.data, value.data, bytes);
}

}  // namespace thimble::reference
