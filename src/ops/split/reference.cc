#include "ops/op.h"
#include "ops/split/split.h"

namespace thimble::reference {

// Serves split, split_v and unpack.
void split(const RefCall& call) {
  const auto& p = call.plan<thimble_split>();
  const TensorView& x = call.in[static_cast<size_t>(split_inputs(call.node.op).x)];
  for (size_t i = 0; i < call.out.size(); ++i)
    thimble_split_output(&p, static_cast<thimble_dim>(i), x.data, call.out[i].data, 0);
}

}  // namespace thimble::reference
