#include "train/grad.h"
#include "ops/concatenation/concatenation.h"
#include "ops/slice/slice.h"

namespace thimble::gradient {

// Each input gets its own part of dy.
Status concatenation(GradContext& ctx) {
  const int rank = ctx.at(ctx.y()).shape.rank();
  int axis = ctx.node.attrs.as<ConcatenationAttrs>().axis;
  if (axis < 0) axis += rank;
  std::vector<int32_t> begin(static_cast<size_t>(rank), 0);
  for (size_t i = 0; i < ctx.node.inputs.size(); ++i) {
    const Shape shape = ctx.at(ctx.x(i)).shape;
    if (ctx.needs(i)) {
      const std::string name = format("{}/dx{}", ctx.node.name, i);
      const std::vector<int32_t> size(shape.dims().begin(), shape.dims().end());
      THIMBLE_ASSIGN(const TensorId dx, ctx.builder.op(Op::slice,
                                                       {ctx.dy(), ctx.builder.constant_i32(name + "/begin", begin),
                                                        ctx.builder.constant_i32(name + "/size", size)},
                                                       SliceAttrs{}, name));
      ctx.input_grads[i] = dx;
    }
    begin[static_cast<size_t>(axis)] += static_cast<int32_t>(shape[axis]);
  }
  return {};
}

}  // namespace thimble::gradient
