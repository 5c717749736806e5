#include "train/grad.h"
#include "ops/pad/pad.h"
#include "ops/slice/slice.h"

namespace thimble::gradient {

// dx = the middle of dy. The value is a constant: it gets none.
Status pad(GradContext& ctx) {
  if (ctx.has(2) && ctx.needs(2)) return fail(ErrorCode::unsupported, "no gradient of a padding value");
  if (!ctx.needs(0)) return {};
  const Shape x = ctx.at(ctx.x(0)).shape;
  const Tensor& paddings = ctx.at(ctx.x(1));
  const IntList amount(paddings.type, paddings.data.bytes, paddings.shape.elements());
  const std::string name = ctx.node.name + "/dx";
  std::vector<int32_t> begin;
  for (size_t d = 0; d < static_cast<size_t>(x.rank()); ++d)
    begin.push_back(static_cast<int32_t>(amount.values[2 * d]));
  const std::vector<int32_t> size(x.dims().begin(), x.dims().end());
  THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(Op::slice,
                                                    {ctx.dy(), ctx.builder.constant_i32(name + "/begin", begin),
                                                     ctx.builder.constant_i32(name + "/size", size)},
                                                    SliceAttrs{}, name));
  return {};
}

}  // namespace thimble::gradient
