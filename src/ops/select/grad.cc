#include "train/grad.h"
#include "ops/binary/binary.h"
#include "ops/select/select.h"
#include "ops/unary/unary.h"

namespace thimble::gradient {

// dy where the operand was chosen, 0 elsewhere, summed over what broadcasting repeated.
Status select(GradContext& ctx) {
  Builder& b = ctx.builder;
  for (const size_t i : {size_t{1}, size_t{2}}) {
    if (!ctx.needs(i)) continue;
    const std::string name = ctx.node.name + (i == 1 ? "/dx" : "/dy");
    THIMBLE_ASSIGN(const TensorId none, b.op(Op::zeros_like, {ctx.dy()}, UnaryAttrs{}, name + "/none"));
    const Op op = ctx.node.op;
    THIMBLE_ASSIGN(TensorId d, i == 1 ? b.op(op, {ctx.x(0), ctx.dy(), none}, SelectAttrs{}, name + "/chosen")
                                      : b.op(op, {ctx.x(0), none, ctx.dy()}, SelectAttrs{}, name + "/chosen"));
    const Shape& shape = ctx.at(ctx.x(i)).shape;
    if (!(ctx.at(d).shape == shape)) {
      THIMBLE_ASSIGN(d, b.op(Op::sum_to_shape, {d}, SumToShapeAttrs{{shape.dims().begin(), shape.dims().end()}}, name));
    }
    ctx.input_grads[i] = d;
  }
  return {};
}

}  // namespace thimble::gradient
