#include "ops/op.h"
#include "ops/pad/pad.h"

namespace thimble::reference {

void pad(const RefCall& call) {
  thimble_pad_elements(&call.plan<thimble_pad>(), call.in[0].data, call.has(2) ? call.in[2].data : nullptr,
                       call.out[0].data, 0);
}

}  // namespace thimble::reference
