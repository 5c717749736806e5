#include "ops/op.h"
#include "ops/transpose/transpose.h"

namespace thimble::reference {

void transpose(const RefCall& call) {
  thimble_transpose_elements(&call.plan<thimble_transpose>(), call.in[0].data, call.out[0].data, 0);
}

}  // namespace thimble::reference
