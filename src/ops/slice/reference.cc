#include <algorithm>

#include "ops/op.h"
#include "ops/slice/slice.h"

namespace thimble::reference {

// Serves slice and strided_slice.
void slice(const RefCall& call) {
  thimble_slice_elements(&call.plan<thimble_slice>(), call.in[0].data, call.out[0].data, 0);
}

void slice_grad(const RefCall& call) {
  const TensorView& dx = call.out[0];
  std::fill_n(dx.as<float>(), dx.shape.elements(), 0.0f);
  thimble_slice_elements(&call.plan<thimble_slice>(), call.in[0].data, dx.data, 0);
}

}  // namespace thimble::reference
