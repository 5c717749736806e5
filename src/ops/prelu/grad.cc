#include "train/grad.h"
#include "ops/binary/binary.h"
#include "ops/prelu/prelu.h"

namespace thimble::gradient {

// dx = dy · (x > 0 ? 1 : alpha),  dalpha = Σ dy · min(x, 0)
Status prelu(GradContext& ctx) {
  Builder& b = ctx.builder;
  const std::string name = ctx.node.name;
  if (ctx.needs(0)) {
    THIMBLE_ASSIGN(ctx.input_grads[0], b.op(Op::prelu_grad, {ctx.x(0), ctx.x(1), ctx.dy()}, {}, name + "/dx"));
  }
  if (ctx.needs(1)) {
    THIMBLE_ASSIGN(const TensorId below,
                   b.op(Op::minimum, {ctx.x(0), b.scalar_f32(0)}, BinaryAttrs{}, name + "/below"));
    THIMBLE_ASSIGN(TensorId d, b.op(Op::mul, {below, ctx.dy()}, BinaryAttrs{}, name + "/dalpha"));
    const Shape& shape = ctx.at(ctx.x(1)).shape;
    if (!(ctx.at(d).shape == shape)) {
      THIMBLE_ASSIGN(d, b.op(Op::sum_to_shape, {d}, SumToShapeAttrs{{shape.dims().begin(), shape.dims().end()}},
                             name + "/dalpha/sum"));
    }
    ctx.input_grads[1] = d;
  }
  return {};
}

}  // namespace thimble::gradient
