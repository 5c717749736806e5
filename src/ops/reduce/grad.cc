#include "train/grad.h"
#include "ops/binary/binary.h"
#include "ops/reduce/reduce.h"
#include "ops/reshape/reshape.h"

namespace thimble::gradient {

// mean and sum: dy (divided by the count) repeated over the reduced dimensions. reduce_max and
// reduce_min: dy shared equally among the elements that are the extremum, as TensorFlow does.
Status reduce(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  Builder& b = ctx.builder;
  const Shape x = ctx.at(ctx.x(0)).shape;
  const Tensor& a = ctx.at(ctx.x(1));
  const Shape kept = kept_shape(x, IntList(a.type, a.data.bytes, a.shape.elements()));
  const std::vector<int64_t> dims(kept.dims().begin(), kept.dims().end());
  const std::string name = ctx.node.name + "/dx";
  TensorId dy = ctx.dy();
  if (ctx.node.op == Op::mean && kept.elements() > 0) {
    const float n = static_cast<float>(x.elements() / kept.elements());
    THIMBLE_ASSIGN(dy, b.op(Op::div, {dy, b.scalar_f32(n)}, BinaryAttrs{}, name + "/share"));
  }
  if (!(ctx.at(dy).shape == kept)) {
    THIMBLE_ASSIGN(dy, b.op(Op::reshape, {dy}, ReshapeAttrs{dims}, name + "/kept"));
  }
  if (ctx.node.op == Op::mean || ctx.node.op == Op::sum) {
    THIMBLE_ASSIGN(ctx.input_grads[0],
                   b.op(Op::broadcast_to_shape, {dy}, BroadcastToShapeAttrs{{x.dims().begin(), x.dims().end()}}, name));
    return {};
  }
  TensorId y = ctx.y();
  if (!(ctx.at(y).shape == kept)) {
    THIMBLE_ASSIGN(y, b.op(Op::reshape, {y}, ReshapeAttrs{dims}, name + "/y"));
  }
  THIMBLE_ASSIGN(ctx.input_grads[0],
                 b.op(Op::reduce_extremum_grad, {ctx.x(0), y, dy}, ReduceExtremumGradAttrs{}, name));
  return {};
}

}  // namespace thimble::gradient
