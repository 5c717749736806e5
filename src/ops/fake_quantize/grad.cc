#include "train/grad.h"

#include "ops/fake_quantize/fake_quantize.h"

namespace thimble::gradient {

using namespace fake_quantize;

Status fake_quantize(GradContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<FakeQuantizeAttrs>();
  const bool learned = ctx.has(kLearned) && ctx.needs(kLearned);
  if (!attrs.clip && !learned) {
    ctx.input_grads[kX] = ctx.dy();
    return {};
  }
  std::vector<TensorId> inputs{ctx.x(kX), ctx.x(kScale), ctx.x(kZeroPoint), ctx.dy()};
  if (learned) inputs.insert(inputs.end(), {ctx.y(), ctx.x(kLearned)});
  THIMBLE_ASSIGN(const auto gradients, ctx.builder.node(Op::fake_quantize_grad, std::move(inputs), attrs,
                                                        ctx.node.name + "/dx", learned ? 2 : 1));
  ctx.input_grads[kX] = gradients[0];
  if (learned) ctx.input_grads[kLearned] = gradients[1];
  return {};
}

}  // namespace thimble::gradient
