// Gradients of pools, whole images per part: windows may overlap within an image only.
#include <algorithm>
#include <cstring>

#include "ops/pool2d/pool2d.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

struct Params {
  void (*kernel)(const MaxPoolGradF32Args&);
  MaxPoolGradF32Args args;  // of one image
  int64_t images, x_stride;
  bool zero;  // windows overlap, or leave something of dx uncovered
};

void average(const MaxPoolGradF32Args& a) {
  for (int64_t i = 0; i < a.m; ++i) {
    const int32_t* offsets = a.offsets + i * a.taps;
    int32_t count = 0;
    for (int64_t t = 0; t < a.taps; ++t) count += offsets[t] >= 0;
    const float* dy = a.dy + i * a.channels;
    const auto divisor = static_cast<float>(count);
    for (int64_t t = 0; t < a.taps; ++t) {
      if (offsets[t] < 0) continue;
      float* dx = a.dx + offsets[t];
      for (int64_t c = 0; c < a.channels; ++c) dx[c] += dy[c] / divisor;
    }
  }
}

void run(const Params& p, int part, int parts) {
  const Range r = part_range(p.images, part, parts);
  for (int64_t image = r.begin; image < r.end; ++image) {
    MaxPoolGradF32Args a = p.args;
    if (a.x) a.x += image * p.x_stride;
    a.dy += image * a.m * a.channels;
    a.dx += image * p.x_stride;
    if (p.zero) std::memset(a.dx, 0, static_cast<size_t>(p.x_stride) * sizeof(float));
    p.kernel(a);
  }
}

Result<bool> lower(LowerContext& ctx, void (*kernel)(const MaxPoolGradF32Args&), bool reads_x) {
  const Shape& shape = ctx.in(0).shape;
  THIMBLE_ASSIGN(const Window window, pool_window(ctx.node.attrs.as<Pool2dAttrs>(), shape));
  std::vector<int32_t> offsets;
  if (!forward_offsets(window, shape[3], &offsets)) return false;
  const double elements = static_cast<double>(ctx.in(1).shape.elements()) * static_cast<double>(window.taps());
  auto* p = ctx.step<run>(shape[0] > 1 ? ctx.parts_for(elements / 4) : 1);
  p->kernel = kernel;
  p->images = shape[0];
  p->x_stride = window.in_pixels() * shape[3];
  p->args.m = window.out_pixels();
  p->args.channels = shape[3];
  p->args.taps = window.taps();
  p->args.offsets = ctx.constant(offsets);
  const auto &h = window.h, &w = window.w;
  p->args.disjoint = reads_x && h.kernel <= h.stride && w.kernel <= w.stride;
  p->zero = !(p->args.disjoint && h.kernel == h.stride && w.kernel == w.stride && h.out * h.stride - h.pad >= h.in &&
              w.out * w.stride - w.pad >= w.in);
  activation_range(ctx.node.attrs.as<Pool2dAttrs>().activation, &p->args.lo, &p->args.hi);
  if (reads_x) ctx.bind_in(&p->args.x, 0);
  ctx.bind_in(&p->args.dy, 1);
  ctx.bind_out(&p->args.dx);
  return true;
}

}  // namespace

Result<bool> pool2d_grad(LowerContext& ctx) {
  return ctx.node.op == Op::max_pool_grad ? lower(ctx, ctx.kernels.pool.max_grad_f32, true)
                                          : lower(ctx, average, false);
}

}  // namespace thimble::lowering
