#include "train/grad.h"
#include "ops/batch_matmul/batch_matmul.h"
#include "ops/binary/binary.h"

namespace thimble::gradient {
namespace {

// One operand's gradient, summed over the batches that it was repeated for.
Status product(GradContext& ctx, size_t operand, TensorId a, TensorId b, bool adj_a, bool adj_b) {
  const std::string name = ctx.node.name + (operand == 0 ? "/dx" : "/dw");
  THIMBLE_ASSIGN(TensorId d, ctx.builder.op(Op::batch_matmul, {a, b}, BatchMatmulAttrs{adj_a, adj_b}, name));
  const Shape& shape = ctx.at(ctx.x(operand)).shape;
  if (!(ctx.at(d).shape == shape)) {
    const SumToShapeAttrs attrs{{shape.dims().begin(), shape.dims().end()}};
    THIMBLE_ASSIGN(d, ctx.builder.op(Op::sum_to_shape, {d}, attrs, name + "/sum"));
  }
  ctx.input_grads[operand] = d;
  return {};
}

}  // namespace

// y = x·w: dx = dy·wᵀ, dw = xᵀ·dy; where an operand is taken transposed, so is its gradient.
Status batch_matmul(GradContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<BatchMatmulAttrs>();
  const TensorId x = ctx.x(0), w = ctx.x(1), dy = ctx.dy();
  if (ctx.needs(0))
    THIMBLE_TRY(attrs.adj_x ? product(ctx, 0, w, dy, attrs.adj_y, true) : product(ctx, 0, dy, w, false, !attrs.adj_y));
  if (ctx.needs(1))
    THIMBLE_TRY(attrs.adj_y ? product(ctx, 1, dy, x, true, attrs.adj_x) : product(ctx, 1, x, dy, !attrs.adj_x, false));
  return {};
}

}  // namespace thimble::gradient
