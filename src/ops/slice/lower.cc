#include "ops/slice/slice.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

Result<bool> slice(LowerContext& ctx) {
  if (ctx.out().shape.elements() == 0) return false;
  std::array<IntList, 3> lists;
  for (size_t i = 1; i < ctx.node.inputs.size(); ++i) {
    const Tensor& t = ctx.in(static_cast<int>(i));
    lists[i - 1] = IntList(t.type, t.data.bytes, t.shape.elements());
  }
  THIMBLE_ASSIGN(const SliceBox box, slice_box(ctx.node, ctx.in(0).shape, lists));
  lower_copy(ctx, plan_slice(box, ctx.in(0).shape, bits(ctx.in(0).type) / 8, false), ctx.node.inputs[0],
             ctx.node.outputs[0]);
  return true;
}

Result<bool> slice_grad(LowerContext& ctx) {
  const Shape& dx = ctx.out().shape;
  if (dx.elements() == 0) return false;
  lower_fill(ctx, ctx.constant<uint8_t>(8), kNoTensor, ctx.node.outputs[0]);
  lower_copy(ctx, plan_slice(slice_box(ctx.node.attrs.as<SliceGradAttrs>()), dx, 4, true), ctx.node.inputs[0],
             ctx.node.outputs[0]);
  return true;
}

}  // namespace thimble::lowering
