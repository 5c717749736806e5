#include "train/grad.h"
#include "ops/fake_quant/fake_quant.h"
#include "ops/select/select.h"
#include "ops/unary/unary.h"

namespace thimble::gradient {

// Straight through inside the range, 0 outside, as TensorFlow has it.
Status fake_quant(GradContext& ctx) {
  if (!ctx.needs(0)) return {};
  Builder& b = ctx.builder;
  const auto& attrs = ctx.node.attrs.as<FakeQuantAttrs>();
  const auto most = static_cast<float>((1 << attrs.bits) - 1);
  const float scale = (attrs.max - attrs.min) / most;
  const float zero = std::min(most, std::max(0.0f, std::round(-(attrs.min / scale))));
  const std::string name = ctx.node.name + "/dx";
  THIMBLE_ASSIGN(const TensorId above,
                 b.op(Op::greater_equal, {ctx.x(0), b.scalar_f32(-zero * scale)}, {}, name + "/above"));
  THIMBLE_ASSIGN(const TensorId below,
                 b.op(Op::less_equal, {ctx.x(0), b.scalar_f32((most - zero) * scale)}, {}, name + "/below"));
  THIMBLE_ASSIGN(const TensorId inside, b.op(Op::logical_and, {above, below}, {}, name + "/inside"));
  THIMBLE_ASSIGN(const TensorId none, b.op(Op::zeros_like, {ctx.dy()}, UnaryAttrs{}, name + "/none"));
  THIMBLE_ASSIGN(ctx.input_grads[0], b.op(Op::select_v2, {inside, ctx.dy(), none}, SelectAttrs{}, name));
  return {};
}

}  // namespace thimble::gradient
