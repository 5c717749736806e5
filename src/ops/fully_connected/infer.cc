#include <cmath>

#include "base/numbers.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/weighted.h"

namespace thimble::infer {
namespace {

void plan_scales(InferContext& ctx, int64_t count, thimble_dense_scales* scales) {
  auto *high = ctx.plan.array<uint32_t>(count), *low = ctx.plan.array<uint32_t>(count);
  auto* shift = ctx.plan.array<int8_t>(count);
  for (int64_t o = 0; o < count; ++o) {
    const double scale = dense_scale(ctx.in(0).quant.scale[0], ctx.in(1).quant, ctx.declared(0).quant.scale[0], o);
    shift[o] = 2;
    if (!(scale >= 0x1p-32)) continue;  // no product with an int32 reaches a half
    int exponent = 0;
    const auto mantissa = static_cast<uint64_t>(std::ldexp(std::frexp(scale, &exponent), 53));
    high[o] = static_cast<uint32_t>(mantissa >> 21);
    low[o] = static_cast<uint32_t>(mantissa & ((1u << 21) - 1));
    shift[o] = static_cast<int8_t>(32 - exponent);
  }
  *scales = {count, high, low, shift};
}

}  // namespace

Status fully_connected(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 3, 1));
  THIMBLE_TRY(ctx.expect_attrs<FullyConnectedAttrs>());
  const auto& attrs = ctx.node.attrs.as<FullyConnectedAttrs>();
  const Tensor &x = ctx.in(0), &w = ctx.in(1);
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  THIMBLE_TRY(ctx.expect_rank(1, 2, 2));
  THIMBLE_TRY(infer_dense(ctx, attrs.keep_num_dims));
  const int64_t outputs = w.shape[0], inputs = w.shape[1];
  THIMBLE_ASSIGN(ctx.outputs[0].type, check_weighted(ctx, outputs, 0));
  // Hybrid: one quantised row of x.
  ctx.scratch_bytes = inputs;
  auto& plan = ctx.plan.make<thimble_fully_connected>();
  plan.batch = x.shape.elements() / inputs;
  plan.inputs = inputs;
  plan.outputs = outputs;
  activation_range(attrs.activation, &plan.range.lo, &plan.range.hi);
  const Tensor& y = ctx.declared(0);
  if (x.type == DType::f32 || y.quant.empty()) return {};
  plan.x_zero = x.quant.zero_point[0];
  plan.y_zero = y.quant.zero_point[0];
  quantized_activation_range(attrs.activation, y.type, y.quant, &plan.lo, &plan.hi);
  plan_scales(ctx, w.quant.per_axis() ? outputs : 1, &plan.scales);
  return {};
}

}  // namespace thimble::infer
