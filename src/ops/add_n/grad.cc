#include "train/grad.h"

namespace thimble::gradient {

Status add_n(GradContext& ctx) {
  for (size_t i = 0; i < ctx.node.inputs.size(); ++i)
    if (ctx.needs(i)) ctx.input_grads[i] = ctx.dy();
  return {};
}

}  // namespace thimble::gradient
