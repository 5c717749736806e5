#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "ops/pool2d/pool2d.h"
#include "ops/weighted.h"

namespace thimble {

void pool_clamp(Activation a, DType type, const Quantization& y, int32_t* lo, int32_t* hi) {
  if (a != Activation::none) return quantized_activation_range(a, type, y, lo, hi);
  *lo = type == DType::u8 ? 0 : type == DType::i16 ? -32768 : -128;
  *hi = type == DType::u8 ? 255 : type == DType::i16 ? 32767 : 127;
}

namespace infer {

Status pool2d(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<Pool2dAttrs>());
  const auto& attrs = ctx.node.attrs.as<Pool2dAttrs>();
  THIMBLE_TRY(ctx.expect_rank(0, 4, 4));
  if (ctx.node.op == Op::l2_pool) {
    THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  } else {
    THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16}));
  }
  THIMBLE_TRY(expect_clamp_activation(attrs.activation));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  THIMBLE_ASSIGN(const Window window, pool_window(attrs, x.shape));
  if (x.type != DType::f32 && y.type == x.type) {
    if (attrs.activation != Activation::none) THIMBLE_TRY(ctx.expect_per_tensor_quantized(y));
    if (!x.quant.empty() && !y.quant.empty() &&
        (x.quant.zero_point[0] != y.quant.zero_point[0] || std::fabs(x.quant.scale[0] - y.quant.scale[0]) > 1e-6f))
      return fail(ErrorCode::unsupported,
                  format("input and output are quantised differently (scales {} and {}, zero points {} and {})",
                         x.quant.scale[0], y.quant.scale[0], x.quant.zero_point[0], y.quant.zero_point[0]),
                  "pools keep the quantisation of their input");
  }
  const int64_t dims[] = {x.shape[0], window.h.out, window.w.out, x.shape[3]};
  ctx.outputs[0].type = x.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  int64_t operations;
  if (!checked_mul(window.h.kernel, window.w.kernel, &operations) ||
      !checked_mul(ctx.outputs[0].shape.elements(), operations, &operations))
    return fail(ErrorCode::bad_file, "the size of the windows overflows");
  const int64_t cells = std::min(window.h.kernel, window.h.in) * std::min(window.w.kernel, window.w.in);
  const int64_t most = int64_t{1} << (x.type == DType::i16 ? 15 : 23);
  if (x.type != DType::f32 && ctx.node.op == Op::average_pool && cells > most)  // their sum needs 32 bits
    return fail(ErrorCode::unsupported, format("{} values of {} in one average", cells, name(x.type)));
  auto& plan = ctx.plan.make<thimble_pool2d>();
  plan.batch = x.shape[0];
  plan.channels = x.shape[3];
  plan.h = window.h;
  plan.w = window.w;
  activation_range(attrs.activation, &plan.range.lo, &plan.range.hi);
  if (x.type != DType::f32 && (attrs.activation == Activation::none || !y.quant.empty()))
    pool_clamp(attrs.activation, x.type, y.quant, &plan.lo, &plan.hi);
  return {};
}

}  // namespace infer
}  // namespace thimble
