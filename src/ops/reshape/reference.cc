#include <cstring>

#include "ops/op.h"

namespace thimble::reference {

// Serves reshape, squeeze and expand_dims.
void reshape(const RefCall& call) {
  std::memmove(call.out[0].data, call.in[0].data, static_cast<size_t>(byte_size(call.in[0].type, call.in[0].shape)));
}

}  // namespace thimble::reference
