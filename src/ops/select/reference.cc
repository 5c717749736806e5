#include "ops/select/select.h"

namespace thimble::reference {

void select(const RefCall& call) {
  if (call.out[0].shape.elements() == 0) return;
  thimble_select_elements(&call.plan<thimble_select>(), call.in[0].as<uint8_t>(), call.in[1].as<uint8_t>(),
                          call.in[2].as<uint8_t>(), call.out[0].as<uint8_t>());
}

}  // namespace thimble::reference
