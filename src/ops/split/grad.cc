#include "train/grad.h"
#include "ops/axes.h"
#include "ops/concatenation/concatenation.h"
#include "ops/split/split.h"

namespace thimble::gradient {

// dx = the parts' gradients one after the other; zeros for parts that the loss does not depend on.
Status split(GradContext& ctx) {
  const SplitInputs which = split_inputs(ctx.node.op);
  const auto x = static_cast<size_t>(which.x);
  if (!ctx.needs(x)) return {};
  const Tensor& a = ctx.at(ctx.x(static_cast<size_t>(which.axis)));
  const std::string name = ctx.node.name + "/dx";
  ConcatenationAttrs attrs;
  attrs.axis = static_cast<int>(IntList(a.type, a.data.bytes, 1).values[0]);
  std::vector<TensorId> parts;
  for (size_t i = 0; i < ctx.node.outputs.size(); ++i) {
    TensorId part = ctx.dy(i);
    if (part == kNoTensor) {
      const Shape shape = ctx.at(ctx.y(i)).shape;
      const std::vector<float> zeros(static_cast<size_t>(shape.elements()), 0.0f);
      part = ctx.builder.constant_f32(format("{}/zeros{}", name, i), shape, zeros);
    }
    parts.push_back(part);
  }
  THIMBLE_ASSIGN(ctx.input_grads[x], ctx.builder.op(Op::concatenation, std::move(parts), attrs, name));
  return {};
}

}  // namespace thimble::gradient
