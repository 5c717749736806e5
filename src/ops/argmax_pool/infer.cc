#include <algorithm>

#include "ops/argmax_pool/argmax_pool.h"
#include "ops/weighted.h"

namespace thimble::infer {
namespace {

// The axis of a pool whose `out` windows of `kernel` give back out · kernel positions.
Result<thimble_axis> way_back(int64_t out, int kernel, int stride) {
  if (kernel < 1 || stride < 1 || out < 1 || out > INT32_MAX / kernel || out > INT32_MAX / stride)
    return fail(ErrorCode::bad_file, format("{} windows of {} by steps of {}", out, kernel, stride));
  thimble_axis axis{};
  axis.in = static_cast<thimble_dim>(out * kernel);
  axis.kernel = kernel;
  axis.stride = stride;
  axis.dilation = 1;
  axis.out = static_cast<thimble_dim>(out);
  axis.pad = static_cast<thimble_dim>(std::max<int64_t>(0, ((out - 1) * stride + kernel - out * kernel) / 2));
  return axis;
}

}  // namespace

Status argmax_pool(InferContext& ctx) {
  const bool back = ctx.node.op == Op::max_unpool;
  THIMBLE_TRY(ctx.expect_arity(back ? 2 : 1, back ? 2 : 1, back ? 1 : 2));
  THIMBLE_TRY(ctx.expect_attrs<Pool2dAttrs>());
  const auto& attrs = ctx.node.attrs.as<Pool2dAttrs>();
  for (int i = 0; i < ctx.arity(); ++i) {
    THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
    THIMBLE_TRY(ctx.expect_rank(i, 4, 4));
  }
  THIMBLE_TRY(expect_clamp_activation(attrs.activation));
  const Shape& x = ctx.in(0).shape;
  auto& p = ctx.plan.make<thimble_argmax_pool>();
  p.batch = static_cast<thimble_dim>(x[0]);
  p.channels = static_cast<thimble_dim>(x[3]);
  activation_range(attrs.activation, &p.range.lo, &p.range.hi);
  std::array<int64_t, 4> dims = {x[0], 0, 0, x[3]};
  if (back) {
    if (!(ctx.in(1).shape == x))
      return fail(ErrorCode::bad_file, format("indices {} of {}", ctx.in(1).to_string(), ctx.in(0).to_string()));
    THIMBLE_ASSIGN(p.h, way_back(x[1], attrs.filter_h, attrs.stride_h));
    THIMBLE_ASSIGN(p.w, way_back(x[2], attrs.filter_w, attrs.stride_w));
    dims[1] = p.h.in;
    dims[2] = p.w.in;
  } else {
    THIMBLE_ASSIGN(const Window window, pool_window(attrs, x));
    p.h = window.h;
    p.w = window.w;
    dims[1] = p.h.out;
    dims[2] = p.w.out;
  }
  for (TensorSpec& y : ctx.outputs) {
    y.type = DType::f32;
    THIMBLE_ASSIGN(y.shape, Shape::make(std::span<const int64_t>(dims)));
  }
  return {};
}

}  // namespace thimble::infer
