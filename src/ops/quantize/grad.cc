#include "train/grad.h"
#include "ops/quantize/quantize.h"

namespace thimble::gradient {

// A cast between float types passes the gradient on; a cast from or to integers has none.
Status cast(GradContext& ctx) {
  if (ctx.needs(0) && ctx.at(ctx.x(0)).type == DType::f32 && ctx.at(ctx.y()).type == DType::f32)
    ctx.input_grads[0] = ctx.dy();
  return {};
}

}  // namespace thimble::gradient
