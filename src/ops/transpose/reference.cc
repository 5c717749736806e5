#include "ops/op.h"
#include "ops/transpose/transpose.h"

namespace thimble::reference {

void transpose(const RefCall& call) {
  const TensorView &x = call.in[0], &y = call.out[0];
  const IntList perm(call.in[1].type, call.in[1].data, call.in[1].shape.elements());
  plan_transpose(x.shape, y.shape, perm, bits(x.type) / 8).copy(x.as<uint8_t>(), y.as<uint8_t>());
}

}  // namespace thimble::reference
