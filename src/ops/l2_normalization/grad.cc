#include "train/grad.h"
#include "ops/binary/binary.h"
#include "ops/reduce/reduce.h"
#include "ops/unary/unary.h"

namespace thimble::gradient {

// dx = (dy − y · Σ dy·y) / |x|, with |x|² not below 1e-12.
Status l2_normalization(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  Builder& b = ctx.builder;
  const BinaryAttrs plain;
  const std::string name = ctx.node.name + "/dx";
  const int32_t last[] = {static_cast<int32_t>(ctx.at(ctx.x(0)).shape.rank() - 1)};
  const TensorId axis = b.constant_i32(name + "/axis", last);
  THIMBLE_ASSIGN(const TensorId xx, b.op(Op::square, {ctx.x(0)}, UnaryAttrs{}, name + "/xx"));
  THIMBLE_ASSIGN(const TensorId sum, b.op(Op::sum, {xx, axis}, ReduceAttrs{true}, name + "/sum"));
  THIMBLE_ASSIGN(const TensorId safe, b.op(Op::maximum, {sum, b.scalar_f32(1e-12f)}, plain, name + "/safe"));
  THIMBLE_ASSIGN(const TensorId inverse, b.op(Op::rsqrt, {safe}, UnaryAttrs{}, name + "/inverse"));
  THIMBLE_ASSIGN(const TensorId product, b.op(Op::mul, {ctx.dy(), ctx.y()}, plain, name + "/product"));
  THIMBLE_ASSIGN(const TensorId along, b.op(Op::sum, {product, axis}, ReduceAttrs{true}, name + "/along"));
  THIMBLE_ASSIGN(const TensorId part, b.op(Op::mul, {ctx.y(), along}, plain, name + "/part"));
  THIMBLE_ASSIGN(const TensorId across, b.op(Op::sub, {ctx.dy(), part}, plain, name + "/across"));
  THIMBLE_ASSIGN(ctx.input_grads[0], b.op(Op::mul, {across, inverse}, plain, name));
  return {};
}

}  // namespace thimble::gradient
