#include "train/grad.h"
#include "ops/axes.h"
#include "ops/concatenation/concatenation.h"
#include "ops/reshape/reshape.h"
#include "ops/split/split.h"

namespace thimble::gradient {

// dx = the parts' gradients one after the other; zeros for parts that the loss does not depend on.
Status split(GradContext& ctx) {
  const SplitInputs which = split_inputs(ctx.node.op);
  const auto x = static_cast<size_t>(which.x);
  if (!ctx.needs(x)) return {};
  const std::string name = ctx.node.name + "/dx";
  ConcatenationAttrs attrs;
  TensorId axis = kNoTensor;  // unpack: where the parts get their dimension back
  if (which.axis < 0) {
    const int listed = ctx.node.attrs.as<UnpackAttrs>().axis, rank = ctx.at(ctx.x(0)).shape.rank();
    attrs.axis = listed < 0 ? listed + rank : listed;
    axis = ctx.builder.constant_i32(name + "/axis", std::vector<int32_t>{attrs.axis});
  } else {
    const Tensor& a = ctx.at(ctx.x(static_cast<size_t>(which.axis)));
    attrs.axis = static_cast<int>(IntList(a.type, a.data.bytes, 1).values[0]);
  }
  std::vector<TensorId> parts;
  for (size_t i = 0; i < ctx.node.outputs.size(); ++i) {
    TensorId part = ctx.dy(i);
    if (part == kNoTensor) {
      const Shape shape = ctx.at(ctx.y(i)).shape;
      const std::vector<float> zeros(static_cast<size_t>(shape.elements()), 0.0f);
      part = ctx.builder.constant_f32(format("{}/zeros{}", name, i), shape, zeros);
    }
    if (axis != kNoTensor) {
      THIMBLE_ASSIGN(part, ctx.builder.op(Op::expand_dims, {part, axis}, ExpandDimsAttrs{}, format("{}/{}", name, i)));
    }
    parts.push_back(part);
  }
  THIMBLE_ASSIGN(ctx.input_grads[x], ctx.builder.op(Op::concatenation, std::move(parts), attrs, name));
  return {};
}

}  // namespace thimble::gradient
