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
  const auto before = pad_before(paddings.type, paddings.data.bytes, x.rank());
  const std::string name = ctx.node.name + "/dx";
  const std::vector<int32_t> begin(before.begin(), before.begin() + x.rank()), size(x.dims().begin(), x.dims().end());
  THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(Op::slice,
                                                    {ctx.dy(), ctx.builder.constant_i32(name + "/begin", begin),
                                                     ctx.builder.constant_i32(name + "/size", size)},
                                                    SliceAttrs{}, name));
  return {};
}

}  // namespace thimble::gradient
