// Gradients of a depthwise convolution (depth multiplier 1). dx is itself a depthwise product over
// a table of dy's pixels. dw is split by channels, so that each element has one order of summation.
#include <algorithm>

#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

struct GradInputParams {
  const DepthwiseKernels* kernels;
  DepthwiseF32Args args;  // of one image; x is dy
  int64_t images, dy_stride, dx_stride;
};

void run_grad_input(const GradInputParams& p, int part, int parts) {
  const int64_t m = p.args.m;
  const Range r = part_range(p.images * m, part, parts, 4);
  for (int64_t at = r.begin; at < r.end;) {
    const int64_t image = at / m, first = at % m;
    DepthwiseF32Args a = p.args;
    a.m = std::min(m - first, r.end - at);
    a.x += image * p.dy_stride;
    a.offsets += first * a.taps;
    a.y += image * p.dx_stride + first * a.ldy;
    p.kernels->f32(a);
    at += a.m;
  }
}

struct GradWeightsParams {
  const DepthwiseKernels* kernels;
  DepthwiseGradWF32Args args;  // of one image, all channels
  int64_t images, x_stride, dy_stride;
  float* dw;     // [taps, channels]
  float* parts;  // [taps · channels]: each part's columns, packed
};

void run_grad_weights(const GradWeightsParams& p, int part, int parts) {
  const int64_t channels = p.args.channels, taps = p.args.taps;
  const Range r = part_range(channels, part, parts, 16);
  if (r.begin == r.end) return;
  DepthwiseGradWF32Args a = p.args;
  a.channels = r.end - r.begin;
  a.dw = p.parts + r.begin * taps;
  std::fill_n(a.dw, taps * a.channels, 0.0f);
  for (int64_t image = 0; image < p.images; ++image) {
    a.x = p.args.x + image * p.x_stride + r.begin;
    a.dy = p.args.dy + image * p.dy_stride + r.begin;
    p.kernels->grad_w_f32(a);
  }
  for (int64_t t = 0; t < taps; ++t) std::copy_n(a.dw + t * a.channels, a.channels, p.dw + t * channels + r.begin);
}

double work_ns(const DepthwiseDims& d, int64_t pixels) {
  return static_cast<double>(d.batch * pixels) * static_cast<double>(d.window.taps() * d.channels) / 10;
}

}  // namespace

Result<bool> depthwise_conv2d_grad_input(LowerContext& ctx) {
  const DepthwiseDims d(ctx.node.attrs.as<DepthwiseConv2dAttrs>(), ctx.in(2).shape, ctx.in(1).shape);
  std::vector<int32_t> offsets;
  if (d.multiplier != 1 || !backward_offsets(d.window, d.channels, &offsets)) return false;
  auto* p = ctx.step<run_grad_input>(ctx.parts_for(work_ns(d, d.window.in_pixels())));
  p->kernels = &ctx.kernels.depthwise;
  p->images = d.batch;
  p->dy_stride = d.window.out_pixels() * d.channels;
  p->dx_stride = d.window.in_pixels() * d.channels;
  p->args.m = d.window.in_pixels();
  p->args.channels = d.channels;
  p->args.taps = d.window.taps();
  p->args.ldy = d.channels;
  p->args.offsets = ctx.constant(offsets);
  ctx.bind_in(&p->args.x, 0);
  ctx.bind_in(&p->args.w, 1);
  ctx.bind_out(&p->args.y);
  return true;
}

Result<bool> depthwise_conv2d_grad_weights(LowerContext& ctx) {
  const DepthwiseDims d(ctx.node.attrs.as<DepthwiseConv2dAttrs>(), ctx.in(0).shape, ctx.in(2).shape);
  std::vector<int32_t> offsets;
  if (d.multiplier != 1 || !forward_offsets(d.window, d.channels, &offsets)) return false;
  const int64_t taps = d.window.taps();
  const ScratchId columns = ctx.scratch(taps * d.channels * 4);
  auto* p = ctx.step<run_grad_weights>(d.channels >= 32 ? ctx.parts_for(work_ns(d, d.window.out_pixels())) : 1);
  p->kernels = &ctx.kernels.depthwise;
  p->images = d.batch;
  p->x_stride = d.window.in_pixels() * d.channels;
  p->dy_stride = d.window.out_pixels() * d.channels;
  p->args.m = d.window.out_pixels();
  p->args.channels = d.channels;
  p->args.taps = taps;
  p->args.lddy = d.channels;
  p->args.offsets = ctx.constant(offsets);
  ctx.bind_in(&p->args.x, 0);
  ctx.bind_in(&p->args.dy, 1);
  ctx.bind_out(&p->dw);
  ctx.bind_scratch(&p->parts, columns);
  return true;
}

}  // namespace thimble::lowering
