#include "base/numbers.h"
#include "ops/conv3d/conv3d.h"

namespace thimble {
namespace infer {
namespace {

constexpr int kX = 0, kWeights = 1, kBias = 2, kShape = 3;

// Axes of the side that windows slide over: make_window takes two at a time.
Status make_axes(const Conv3dAttrs& a, const int64_t* sizes, const Shape& w, Conv3dPlan* p) {
  activation_range(a.activation, &p->range.lo, &p->range.hi);
  THIMBLE_ASSIGN(const Window outer, make_window(sizes[0], sizes[1], w[0], w[1], a.stride_d, a.stride_h, a.dilation_d,
                                                 a.dilation_h, a.padding));
  THIMBLE_ASSIGN(const Window inner, make_window(sizes[1], sizes[2], w[1], w[2], a.stride_h, a.stride_w, a.dilation_h,
                                                 a.dilation_w, a.padding));
  p->axes[0] = outer.h;
  p->axes[1] = inner.h;
  p->axes[2] = inner.w;
  return {};
}

Status check(InferContext& ctx, int64_t channels, int64_t outputs) {
  for (int i : {kX, kWeights}) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  if (channels < 1 || outputs < 1)
    return fail(ErrorCode::bad_file, format("weights {} have no channels", ctx.in(kWeights).to_string()));
  if (ctx.in(kX).shape[4] != channels)
    return fail(ErrorCode::bad_file, format("input {} and weights {} have different numbers of channels",
                                            ctx.in(kX).to_string(), ctx.in(kWeights).to_string()));
  if (!ctx.has(kBias)) return {};
  THIMBLE_TRY(ctx.expect_type(kBias, {DType::f32}));
  if (ctx.in(kBias).shape.elements() != outputs)
    return fail(ErrorCode::bad_file, format("bias {} must hold {} values", ctx.in(kBias).to_string(), outputs));
  return {};
}

Status finish(InferContext& ctx, const Conv3dPlan& p, const std::array<int64_t, 3>& sizes, int64_t multiplied) {
  const int64_t dims[] = {p.batch, sizes[0], sizes[1], sizes[2], p.outputs};
  ctx.outputs[0].type = DType::f32;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  int64_t taps;
  if (!checked_mul(p.axes[0].kernel, p.axes[1].kernel, &taps) || !checked_mul(taps, p.axes[2].kernel, &taps) ||
      !checked_mul(multiplied, taps, &ctx.macs))
    return fail(ErrorCode::bad_file, "the number of multiply-accumulates overflows");
  return {};
}

Status forward(InferContext& ctx, const Conv3dAttrs& attrs) {
  const Shape &x = ctx.in(kX).shape, &w = ctx.in(kWeights).shape;
  auto& p = ctx.plan.make<Conv3dPlan>();
  p.batch = x[0];
  p.channels = w[3];
  p.outputs = w[4];
  THIMBLE_TRY(check(ctx, p.channels, p.outputs));
  const int64_t sizes[] = {x[1], x[2], x[3]};
  THIMBLE_TRY(make_axes(attrs, sizes, w, &p));
  THIMBLE_TRY(finish(ctx, p, {p.axes[0].out, p.axes[1].out, p.axes[2].out}, 0));
  if (!checked_mul(ctx.outputs[0].shape.elements(), p.channels, &ctx.macs) ||
      !checked_mul(ctx.macs, p.taps(), &ctx.macs))
    return fail(ErrorCode::bad_file, "the number of multiply-accumulates overflows");
  return {};
}

Status backward(InferContext& ctx, const Conv3dAttrs& attrs) {
  if (!ctx.has(kShape)) return fail(ErrorCode::bad_file, "the shape of the output is left out");
  const Shape &x = ctx.in(kX).shape, &w = ctx.in(kWeights).shape;
  THIMBLE_ASSIGN(const std::vector<int64_t> shape, ctx.constant_ints(kShape));
  if (shape.size() != 5)
    return fail(ErrorCode::bad_file, format("the output's shape {} has {} dimensions, must have 5",
                                            ctx.in(kShape).to_string(), shape.size()));
  auto& p = ctx.plan.make<Conv3dPlan>();
  p.batch = x[0];
  p.channels = w[4];
  p.outputs = w[3];
  THIMBLE_TRY(check(ctx, p.channels, p.outputs));
  if (shape[4] != p.outputs)
    return fail(ErrorCode::bad_file, format("the output's shape asks for {} channels, weights {} make {}", shape[4],
                                            ctx.in(kWeights).to_string(), p.outputs));
  THIMBLE_TRY(make_axes(attrs, &shape[1], w, &p));
  for (int a = 0; a < 3; ++a)
    if (p.axes[a].out != x[a + 1])
      return fail(ErrorCode::bad_file,
                  format("{} along axis {} of the output belong to {} of the input, not to those of {}",
                         shape[static_cast<size_t>(a) + 1], a + 1, p.axes[a].out, ctx.in(kX).to_string()));
  int64_t products;
  if (!checked_mul(x.elements(), p.outputs, &products))
    return fail(ErrorCode::bad_file, "the number of multiply-accumulates overflows");
  return finish(ctx, p, {shape[1], shape[2], shape[3]}, products);
}

}  // namespace

Status conv3d(InferContext& ctx) {
  const bool transposed = ctx.node.op == Op::conv3d_transpose;
  THIMBLE_TRY(transposed ? ctx.expect_arity(4, 4, 1, 2) : ctx.expect_arity(2, 3, 1, 2));
  THIMBLE_TRY(ctx.expect_attrs<Conv3dAttrs>());
  const auto& attrs = ctx.node.attrs.as<Conv3dAttrs>();
  THIMBLE_TRY(ctx.expect_rank(kX, 5, 5));
  THIMBLE_TRY(ctx.expect_rank(kWeights, 5, 5));
  THIMBLE_TRY(expect_clamp_activation(attrs.activation));
  return transposed ? backward(ctx, attrs) : forward(ctx, attrs);
}

}  // namespace infer

void fields(PlanVisitor& v, const Conv3dPlan& p) {
  v.number("batch", p.batch);
  v.number("channels", p.channels);
  v.number("outputs", p.outputs);
  ::fields(v, "depth", p.axes[0]);
  ::fields(v, "height", p.axes[1]);
  ::fields(v, "width", p.axes[2]);
  ::fields(v, "range", p.range);
}

}  // namespace thimble
