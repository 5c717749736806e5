#include "ops/depthwise_conv2d/depthwise_conv2d.h"

#include <algorithm>

#include "ops/weighted.h"
#include "runtime/legacy_weights.h"
#include "runtime/lower.h"
#include "runtime/lower_gemm.h"

namespace thimble::lowering {

Result<bool> depthwise_hybrid(LowerContext& ctx, const DepthwiseDims& d,
                              const thimble_range& range);  // lower_hybrid.cc

namespace {

// Calls body(image, first row, row count) for a part's share of all images' output pixels.
template <class Body>
void for_rows(int64_t images, int64_t m, int part, int parts, Body body) {
  const Range r = part_range(images * m, part, parts, 4);
  for (int64_t at = r.begin; at < r.end;) {
    const int64_t image = at / m, first = at % m, count = std::min(m - first, r.end - at);
    body(image, first, count);
    at += count;
  }
}

template <class Args>
struct Params {
  const DepthwiseKernels* kernels;
  Args args;  // of one image
  int64_t images, x_stride, y_stride;
};

template <class Args>
Args rows_of(const Params<Args>& p, int64_t image, int64_t first, int64_t count) {
  Args a = p.args;
  a.m = count;
  a.x += image * p.x_stride;
  a.offsets += first * a.taps;
  a.y += image * p.y_stride + first * a.ldy;
  return a;
}

void run_f32(const Params<DepthwiseF32Args>& p, int part, int parts) {
  for_rows(p.images, p.args.m, part, parts,
           [&](int64_t image, int64_t first, int64_t count) { p.kernels->f32(rows_of(p, image, first, count)); });
}

struct ParamsS8 : Params<DepthwiseS8Args> {
  uint8_t x_flip;
};

void run_s8(const ParamsS8& p, int part, int parts) {
  for_rows(p.images, p.args.m, part, parts, [&](int64_t image, int64_t first, int64_t count) {
    DepthwiseS8Args a = rows_of(p, image, first, count);
    a.x_unsigned = p.x_flip != 0;
    a.zero_point += p.x_flip;
    p.kernels->s8(a);
  });
}

template <class Args>
void set_common(LowerContext& ctx, Params<Args>& p, const DepthwiseDims& d, const std::vector<int32_t>& offsets) {
  p.kernels = &ctx.kernels.depthwise;
  p.images = d.batch;
  p.x_stride = d.window.in_pixels() * d.channels;
  p.y_stride = d.window.out_pixels() * d.outputs;
  p.args.m = d.window.out_pixels();
  p.args.channels = d.channels;
  p.args.taps = d.window.taps();
  p.args.ldy = d.outputs;
  p.args.offsets = ctx.constant(offsets);
  ctx.bind_out(&p.args.y);
}

Result<bool> lower_f32(LowerContext& ctx, const DepthwiseDims& d, const thimble_range& range, int parts) {
  std::vector<int32_t> offsets;
  if (!forward_offsets(d.window, d.channels, &offsets)) return false;
  auto* p = ctx.step<run_f32>(parts);
  set_common(ctx, *p, d, offsets);
  ctx.bind_in(&p->args.x, 0);
  p->args.lo = range.lo;
  p->args.hi = range.hi;
  ctx.bind_in(&p->args.w, 1);
  ctx.bind_in(&p->args.bias, 2);
  return true;
}

// Legacy uint8: x as unsigned bytes, as they lie; weights in two parts are twice the taps (runtime/legacy_weights.h).
void set_legacy(LowerContext& ctx, ParamsS8& p, int64_t pixels, const std::vector<std::vector<int8_t>>& weights,
                const std::vector<int32_t>& offsets) {
  DepthwiseS8Args& a = p.args;
  p.x_flip = 0x80;
  a.zero_point -= 128;
  a.requant = as_unsigned(a.requant);
  std::vector<int8_t> w = weights[0];
  if (weights.size() > 1) {
    w.insert(w.end(), weights[1].begin(), weights[1].end());
    std::vector<int32_t> twice;
    twice.reserve(2 * offsets.size());
    for (int64_t m = 0; m < pixels; ++m)
      for (int part = 0; part < 2; ++part)
        twice.insert(twice.end(), offsets.begin() + m * a.taps, offsets.begin() + (m + 1) * a.taps);
    a.taps *= 2;
    a.offsets = ctx.constant(twice);
  }
  a.w = ctx.constant(w);
}

Result<bool> lower_s8(LowerContext& ctx, const DepthwiseDims& d, const thimble_depthwise_conv2d& plan, int parts) {
  const bool legacy = ctx.in(0).type == DType::u8;
  std::vector<std::vector<int8_t>> weights;
  if (legacy) {
    if (!ctx.in(1).constant()) return false;
    weights = legacy_weights(ctx.in(1), 3);
    if (weights.empty()) return false;
  }
  std::vector<int32_t> offsets;
  if (!forward_offsets(d.window, d.channels, &offsets)) return false;
  auto* p = ctx.step<run_s8>(parts);
  set_common(ctx, *p, d, offsets);
  DepthwiseS8Args& a = p->args;
  if (!legacy) ctx.takes_flipped(&a.requant.flip);
  ctx.bind_in(&a.x, 0);
  if (!legacy) ctx.takes_flipped(&p->x_flip);
  a.zero_point = plan.x_zero;
  a.requant = requant_args(ctx, plan.y, d.outputs);
  if (legacy) {
    set_legacy(ctx, *p, d.window.out_pixels(), weights, offsets);
  } else {
    ctx.bind_in(&a.w, 1);
  }
  if (ctx.has(2)) {
    ctx.bind_in(&a.bias, 2);
  } else {
    a.bias = ctx.constant<int32_t>(d.outputs);
  }
  return true;
}

}  // namespace

Result<bool> depthwise_conv2d(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<DepthwiseConv2dAttrs>();
  const auto& plan = ctx.plan<thimble_depthwise_conv2d>();
  const DepthwiseDims d(plan);
  const WeightedKind kind = weighted_kind(ctx.in(0), ctx.in(1));
  if (kind == WeightedKind::hybrid) return depthwise_hybrid(ctx, d, plan.range);
  if (kind != WeightedKind::f32 && kind != WeightedKind::s8 && kind != WeightedKind::u8) return false;
  if (d.multiplier != 1 && d.channels == 1) {
    // One input channel: every output sees the same window, an ordinary convolution.
    GemmShape shape{.m = d.window.out_pixels(), .n = d.outputs, .k = 1, .taps = d.window.taps(), .images = d.batch};
    shape.image_stride = d.window.in_pixels();
    shape.activation = attrs.activation;
    if (plan.y.multiplier) shape.requant = requant_args(ctx, plan.y, d.outputs);
    shape.weights_transposed = true;
    if (!forward_offsets(d.window, 1, &shape.offsets)) return false;
    return lower_gemm(ctx, shape);
  }
  if (d.multiplier != 1) return false;
  const double operations =
      static_cast<double>(d.batch * d.window.out_pixels()) * static_cast<double>(d.window.taps() * d.outputs);
  const int parts = ctx.parts_for(operations / (kind == WeightedKind::f32 ? 10 : 20));
  if (kind == WeightedKind::f32) return lower_f32(ctx, d, plan.range, parts);
  return lower_s8(ctx, d, plan, parts);
}

}  // namespace thimble::lowering
