#include "ops/fake_quant/fake_quant.h"

namespace thimble::infer {

Status fake_quant(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<FakeQuantAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  const auto& attrs = ctx.node.attrs.as<FakeQuantAttrs>();
  if (!(attrs.min <= 0) || !(attrs.max >= 0) || !(attrs.min < attrs.max) || !std::isfinite(attrs.max - attrs.min))
    return fail(ErrorCode::bad_file, format("the range {} … {} must be finite and hold 0", attrs.min, attrs.max));
  if (attrs.bits < 2 || attrs.bits > 16)
    return fail(ErrorCode::unsupported, format("{} bits, must be 2 to 16", attrs.bits));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  ctx.in_place = 1;
  auto& p = ctx.plan.make<thimble_fake_quant>();
  p.n = ctx.in(0).shape.elements();
  const auto most = static_cast<float>((1 << attrs.bits) - 1);
  p.scale = (attrs.max - attrs.min) / most;
  const float exact = -(attrs.min / p.scale), zero = exact < 0 ? 0 : exact > most ? most : std::round(exact);
  p.low = -zero * p.scale;
  p.high = (most - zero) * p.scale;
  p.inverse = 1.0f / p.scale;
  if (!(p.scale > 0) || !std::isfinite(p.inverse))
    return fail(ErrorCode::bad_file, format("the range {} … {} is too narrow", attrs.min, attrs.max));
  return {};
}

}  // namespace thimble::infer
