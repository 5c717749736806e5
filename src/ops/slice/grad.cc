#include "train/grad.h"
#include "ops/slice/slice.h"

namespace thimble::gradient {

// dx = zeros with dy in the places that were taken. Serves slice and strided_slice.
Status slice(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  const Shape x = ctx.at(ctx.x(0)).shape;
  std::array<IntList, 3> lists;
  for (size_t i = 1; i < ctx.node.inputs.size(); ++i) {
    const Tensor& t = ctx.at(ctx.x(i));
    lists[i - 1] = IntList(t.type, t.data.bytes, t.shape.elements());
  }
  THIMBLE_ASSIGN(const SliceBox box, slice_box(ctx.node, x, lists));
  SliceGradAttrs attrs;
  for (int d = 0; d < x.rank(); ++d) {
    attrs.shape.push_back(x[d]);
    attrs.count.push_back(box.count[d]);
    attrs.begin.push_back(box.begin[static_cast<size_t>(d)]);
    attrs.stride.push_back(box.stride[static_cast<size_t>(d)]);
  }
  THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(Op::slice_grad, {ctx.dy()}, attrs, ctx.node.name + "/dx"));
  return {};
}

}  // namespace thimble::gradient
