#include "train/grad.h"
#include "ops/axes.h"
#include "ops/transpose/transpose.h"

namespace thimble::gradient {

// dx = dy with the dimensions put back.
Status transpose(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  const Tensor& p = ctx.at(ctx.x(1));
  const IntList perm(p.type, p.data.bytes, p.shape.elements());
  std::vector<int32_t> inverse(perm.count);
  for (size_t d = 0; d < perm.count; ++d) {
    const int64_t axis = perm.values[d] < 0 ? perm.values[d] + static_cast<int64_t>(perm.count) : perm.values[d];
    inverse[static_cast<size_t>(axis)] = static_cast<int32_t>(d);
  }
  const std::string name = ctx.node.name + "/dx";
  const TensorId back = ctx.builder.constant_i32(name + "/perm", inverse);
  THIMBLE_ASSIGN(ctx.input_grads[0], ctx.builder.op(Op::transpose, {ctx.dy(), back}, TransposeAttrs{}, name));
  return {};
}

}  // namespace thimble::gradient
