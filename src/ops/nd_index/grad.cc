#include "train/grad.h"
#include "ops/nd_index/nd_index.h"

namespace thimble::gradient {

// Each is the other's way back; indices have no gradient.
Status nd_index(GradContext& ctx) {
  const std::string name = ctx.node.name + "/dx";
  if (ctx.node.op == Op::gather_nd) {
    if (!ctx.needs(0)) return {};
    const auto dims = ctx.at(ctx.x(0)).shape.dims();
    const TensorId shape = ctx.builder.constant_i32(name + "/shape", std::vector<int32_t>(dims.begin(), dims.end()));
    THIMBLE_ASSIGN(ctx.input_grads[0],
                   ctx.builder.op(Op::scatter_nd, {ctx.x(1), ctx.dy(), shape}, NdIndexAttrs{}, name));
    return {};
  }
  if (!ctx.needs(1)) return {};
  THIMBLE_ASSIGN(ctx.input_grads[1], ctx.builder.op(Op::gather_nd, {ctx.dy(), ctx.x(0)}, NdIndexAttrs{}, name));
  return {};
}

}  // namespace thimble::gradient
